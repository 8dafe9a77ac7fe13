"""Files as clients send them: announced, uploaded to the address given, confirmed, and fetched again."""

import io
from urllib.parse import urlsplit

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8


def keep_files_in(settings, folder):
    """A folder for the files of a test."""
    local = settings.STORAGES["attachments"]
    options = {**local["OPTIONS"], "location": folder}
    settings.STORAGES = {**settings.STORAGES, "attachments": {**local, "OPTIONS": options}}


def announce(api, ticket, content=PNG, filename="lamp.png", content_type="image/png", **changes):
    """Ask where to upload; `changes` replace members of the body."""
    body = {"filename": filename, "contentType": content_type, "size": len(content), **changes}
    return api.post(f"tickets/{ticket.pk}/attachments/upload-url", body)


def put(api, where, content=PNG, url=None, stream=None, **changes):
    """Send the bytes as told in `where`, but for what `changes` say of the headers. No token goes along.

    `stream` is what the server reads them from, to be looked at afterwards.
    """
    address = urlsplit(url or where["uploadUrl"])
    headers = {**where["headers"], **changes}
    # Django's own stand-in for the body would not have it that a client sends less than it says.
    return api.client.generic(
        where["method"],
        address.path,
        content,
        content_type=headers.get("Content-Type", ""),
        QUERY_STRING=address.query,
        CONTENT_LENGTH=headers.get("Content-Length", ""),
        **{"wsgi.input": stream or io.BytesIO(content)},
    )


def confirm(api, ticket, attachment_id, body=None, **kwargs):
    return api.post(f"tickets/{ticket.pk}/attachments/{attachment_id}/confirm", body, **kwargs)


def upload(api, ticket, content=PNG, filename="lamp.png", content_type="image/png"):
    """Everything, up to an attachment that can be used: as the API shows it."""
    where = announce(api, ticket, content, filename, content_type).json()
    assert put(api, where, content).status_code == 204
    answer = confirm(api, ticket, where["attachmentId"])
    assert answer.status_code == 200, answer.content
    return answer.json()


def download(api, attachment_id, **headers):
    """The file, by the address that is given for it."""
    told = api.get(f"attachments/{attachment_id}/download", headers={"Accept": "application/json"}).json()
    return fetch(api, told["url"], **headers)


def fetch(api, url, method="GET", **headers):
    """What an address to download gives to somebody without a token."""
    address = urlsplit(url)
    response = api.client.generic(method, address.path, QUERY_STRING=address.query, headers=headers)
    if response.streaming:
        # Read to its end, it closes what it read from.
        response.received = b"".join(response.streaming_content)
    return response


def bytes_of(response):
    assert response.streaming, response.content
    return response.received
