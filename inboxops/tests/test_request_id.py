"""Every request has an id: in the answer, in the log line, on the event it caused."""

import json
import logging
import uuid

import pytest
from django.test import Client

from inboxops.request_id import JsonFormatter, RequestIdFilter, current
from tickets.models import TicketEvent
from workspaces.models import WorkspaceEvent


@pytest.mark.parametrize("path", ["/healthz", "/v1/nope", "/v1/workspaces/current", "/admin/login/", "/nope"])
def test_every_answer_has_one(db, path):
    response = Client().get(path)

    assert uuid.UUID(response["X-Request-Id"]).version == 7


@pytest.mark.parametrize("offered", ["a", "0123-abc_DEF.:/+=@", "x" * 128, str(uuid.UUID(int=7))])
def test_a_sane_one_is_kept(api, offered):
    assert api.get("tickets", headers={"X-Request-Id": offered})["X-Request-Id"] == offered


@pytest.mark.parametrize(
    "offered", ["", "x" * 129, "two words", "a\r\nX-Evil: 1", "a\nb", "\x00", "\u00e9", "<b>", '"', "a;b", "%0a"]
)
def test_any_other_is_replaced(api, offered):
    response = api.get("tickets", headers={"X-Request-Id": offered})

    assert uuid.UUID(response["X-Request-Id"])
    assert "X-Evil" not in response.headers


def test_the_log_line_and_the_events_carry_it(api, admin_api, ticket, caplog):
    with caplog.at_level(logging.INFO, "inboxops.request"):
        caplog.handler.addFilter(RequestIdFilter())
        api.post(f"tickets/{ticket.pk}/archive", {}, headers={"X-Request-Id": "trace-1"})
    admin_api.patch(f"/v1/workspaces/{api.workspace.pk}", {"name": "Renamed"}, headers={"X-Request-Id": "trace-2"})

    assert [record.request_id for record in caplog.records if "archive" in record.getMessage()] == ["trace-1"]
    assert TicketEvent.objects.get(kind="ticket.archived").request_id == "trace-1"
    assert WorkspaceEvent.objects.get(kind="workspace.renamed").request_id == "trace-2"


def test_the_next_request_does_not_inherit_it(api):
    first = api.get("tickets", headers={"X-Request-Id": "mine"})
    second = api.get("tickets")

    assert first["X-Request-Id"] == "mine"
    assert second["X-Request-Id"] != "mine"
    assert current.get() == ""


def test_a_request_is_one_log_line_without_its_query(api, caplog):
    with caplog.at_level(logging.INFO, "inboxops.request"):
        api.get("tickets", {"requester": "carla@customer.example"})
        api.client.get("/v1/two%0Alines%1b[31m")

    lines = [record.getMessage() for record in caplog.records if record.name == "inboxops.request"]
    assert len(lines) == 2
    assert "carla" not in lines[0]
    assert r"/v1/two\nlines\x1b[31m 404" in lines[1]
    assert not any(character in line for line in lines for character in "\n\r\x1b")


def test_no_log_line_holds_a_token_or_a_body(admin_api, caplog):
    with caplog.at_level(logging.DEBUG):
        response = admin_api.post("api-tokens", {"scope": "read", "label": "a label of ours"})

    assert response.json()["token"] not in caplog.text
    assert admin_api.token not in caplog.text
    assert "a label of ours" not in "\n".join(r.getMessage() for r in caplog.records if r.name.startswith("inboxops"))


def test_a_json_log_line_is_one_object():
    token = current.set("trace-3")
    try:
        record = logging.LogRecord("inboxops.x", logging.ERROR, "", 1, "said %s\nand more", ("this",), None)
        try:
            raise ValueError("two\nlines")
        except ValueError as error:
            record.exc_info = (type(error), error, error.__traceback__)
        RequestIdFilter().filter(record)
        line = JsonFormatter().format(record)
    finally:
        current.reset(token)

    assert "\n" not in line
    told = json.loads(line)
    assert (told["requestId"], told["level"], told["message"]) == ("trace-3", "ERROR", "said this\nand more")
    assert "ValueError" in told["exception"]
