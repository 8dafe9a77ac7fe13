"""Files on real sockets: clients that send and read a piece at a time, as slowly as a test wants.

desk = Desk(server.port, installation.shell(OPEN_TICKET))
told = desk.announce(1000)
exchange = desk.put(told)          # the head has been sent, nothing of the file
exchange.send(content)
assert exchange.answer().status == 204
"""

import http.client
import json
import socket
import struct
from dataclasses import dataclass
from urllib.parse import urlsplit

MIB = 1024 * 1024
PATIENCE = 60
KIND = "application/octet-stream"

# What a `Desk` needs to know of an installation.
OPEN_TICKET = """
import json
from accounts.actors import operator
from inboxops.tests.factories import MembershipFactory, TicketFactory, WorkspaceFactory
from workspaces.actions import create_token
from workspaces.models import Role, Scope
workspace = WorkspaceFactory(slug="acme")
member = MembershipFactory(workspace=workspace, role=Role.AGENT)
ticket = TicketFactory(workspace=workspace, actor=operator())
token = create_token(member, scope=Scope.WRITE, actor=operator())[1]
print(json.dumps({"ticket": str(ticket.pk), "token": token}))
"""


@dataclass
class Answer:
    """What has come back."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def code(self):
        """Of a problem document."""
        assert self.headers["Content-Type"] == "application/problem+json", self.body
        document = json.loads(self.body)
        assert (document["status"], document["requestId"]) == (self.status, self.headers["X-Request-Id"])
        return document["code"]


class Exchange:
    """One request on a connection of its own, under way."""

    def __init__(self, connection, method):
        self.socket = connection
        self._method = method
        self._response = None

    def send(self, data):
        self.socket.sendall(data)

    def head(self):
        """Status and headers; the body waits."""
        if self._response is None:
            self._response = http.client.HTTPResponse(self.socket, method=self._method)
            self._response.begin()
        return self._response

    def answer(self):
        """All of it; then the connection is done with, as the request has said."""
        response = self.head()
        answer = Answer(response.status, response.headers, response.read())
        self.close()
        return answer

    def is_silent(self, seconds):
        """Whether nothing at all comes for so long."""
        self.socket.settimeout(seconds)
        try:
            return not self.socket.recv(1, socket.MSG_PEEK)
        except TimeoutError:
            return True
        finally:
            self.socket.settimeout(PATIENCE)

    def close(self):
        if self._response is not None:
            self._response.close()
        self.socket.close()

    def reset(self):
        """Go away as a client does whose machine is switched off: without a farewell."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()


class Desk:
    """An agent with a ticket, at the door of an installation: gunicorn itself or, with TLS, a proxy in front."""

    def __init__(self, port, opened, *, tls=None, headers=None):
        self._port, self._tls, self.ticket = port, tls, opened["ticket"]
        self._common = {"Host": "localhost", **(headers or {})}
        self.rights = {"Authorization": f"Bearer {opened['token']}", "x-workspace-id": "acme"}
        self._under_way = []

    def begin(self, method, path, headers=None, *, receive_buffer=None):
        """Send the head of a request. What is still open when the test ends is closed by `close`."""
        connection = socket.socket()
        if receive_buffer:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        connection.settimeout(PATIENCE)
        connection.connect(("127.0.0.1", self._port))
        if self._tls:
            connection = self._tls.wrap_socket(connection, server_hostname=self._common["Host"])
        exchange = Exchange(connection, method)
        self._under_way.append(exchange)
        fields = {**self._common, "Connection": "close", **(headers or {})}
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
        exchange.send("\r\n".join([*lines, "", ""]).encode("latin-1"))
        return exchange

    def close(self):
        for exchange in self._under_way:
            exchange.close()

    def ask(self, path="tickets?limit=1", **headers):
        """Begin to read something of the workspace."""
        return self.begin("GET", f"/v1/workspaces/acme/{path}", {**self.rights, **headers})

    def tell(self, path, data=None):
        """Write something, and get what is answered."""
        body = json.dumps(data or {}).encode()
        headers = {**self.rights, "Content-Type": "application/json", "Content-Length": len(body)}
        exchange = self.begin("POST", f"/v1/workspaces/acme/{path}", headers)
        exchange.send(body)
        answer = exchange.answer()
        assert answer.status in (200, 201), answer.body
        return json.loads(answer.body)

    def announce(self, size):
        body = {"filename": "film.bin", "contentType": KIND, "size": size}
        return self.tell(f"tickets/{self.ticket}/attachments/upload-url", body)

    def put(self, told, **changes):
        """Begin to upload where, and as, we were told to, but for what `changes` say of the headers."""
        headers = {**told["headers"], **{name.replace("_", "-"): value for name, value in changes.items()}}
        kept = {name: value for name, value in headers.items() if value is not None}
        return self.begin("PUT", path_of(told["uploadUrl"]), kept)

    def confirm(self, told):
        return self.tell(f"tickets/{self.ticket}/attachments/{told['attachmentId']}/confirm")

    def upload(self, content):
        """All of it at once; the id."""
        told = self.announce(len(content))
        exchange = self.put(told)
        exchange.send(content)
        assert exchange.answer().status == 204
        return self.confirm(told)["id"]

    def address_of(self, attachment_id):
        """Where to download, for somebody without a token."""
        asked = self.ask(f"attachments/{attachment_id}/download", Accept="application/json")
        return json.loads(asked.answer().body)["url"]

    def get(self, url, *, method="GET", receive_buffer=None, **headers):
        """Begin to download."""
        return self.begin(method, path_of(url), headers, receive_buffer=receive_buffer)


def path_of(url):
    """What stands behind the host."""
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"
