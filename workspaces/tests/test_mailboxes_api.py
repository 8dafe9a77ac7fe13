"""Mailboxes through the API: whole, without their passwords, and changed by admins alone."""

import uuid

import pytest

from accounts.actors import operator
from workspaces.actions import create_mailbox
from workspaces.models import Mailbox, StoredAnswer, WorkspaceEvent

PASSWORD = "correct horse battery"
SERVER = {"host": "smtp.acme.example", "port": 587, "security": "starttls", "username": "help"}


@pytest.fixture
def made(admin_api):
    response = admin_api.post(
        "mailboxes",
        {"address": "help@acme.example", "name": "Acme", "smtp": {**SERVER, "password": PASSWORD}},
        headers={"Idempotency-Key": "k"},
    )
    assert response.status_code == 201, response.content
    return response


@pytest.fixture
def url(made):
    return f"mailboxes/{made.json()['id']}"


def stored():
    return Mailbox.objects.get()


def test_a_mailbox_is_told_whole_but_for_its_password(made, admin_api):
    mailbox = made.json()

    assert mailbox == {
        "id": str(stored().pk),
        "address": "help@acme.example",
        "name": "Acme",
        "signature": "",
        "isDefault": True,
        "ratePerMinute": None,
        "smtp": {**SERVER, "hasPassword": True},
        "createdAt": mailbox["createdAt"],
    }
    assert admin_api.get(made["Location"].removeprefix("http://testserver")).json() == mailbox


def test_everybody_in_the_workspace_may_read_them(made, viewer, api_of, url):
    api = api_of(viewer)

    assert api.get("mailboxes").json() == [made.json()]
    assert api.get(url).json() == made.json()


def test_the_oldest_comes_first(made, admin_api, workspace):
    create_mailbox(workspace, address="sales@acme.example", is_default=True, actor=operator())

    response = admin_api.get("mailboxes")
    assert [mailbox["address"] for mailbox in response.json()] == ["help@acme.example", "sales@acme.example"]
    assert response["X-Total-Count"] == "2"


def test_no_answer_event_log_line_or_stored_answer_holds_the_password(made, admin_api, url, caplog):
    answers = [made, admin_api.get(url), admin_api.get("mailboxes"), admin_api.patch(url, {"name": "Help"})]
    answers.append(admin_api.patch(url, {"smtp": {**SERVER, "password": PASSWORD, "port": "x"}}))
    answers.append(admin_api.patch(url, {"smtp": {**SERVER, "password": [PASSWORD]}}))
    told = [answer.content.decode() + str(answer.headers) for answer in answers]
    told += map(str, [*WorkspaceEvent.objects.values(), *StoredAnswer.objects.values(), caplog.text])

    assert StoredAnswer.objects.exists()
    assert not [text for text in told if PASSWORD in text or stored().smtp_secret in text]


def test_it_changes_in_part(admin_api, url):
    changed = admin_api.patch(url, {"signature": "Acme", "ratePerMinute": 60}).json()

    assert (changed["name"], changed["signature"], changed["ratePerMinute"]) == ("Acme", "Acme", 60)
    assert stored().smtp_password() == PASSWORD
    assert admin_api.patch(url, {"ratePerMinute": None}).json()["ratePerMinute"] is None


def test_a_password_that_is_absent_stays_and_null_takes_it_away(admin_api, url):
    assert admin_api.patch(url, {"smtp": {**SERVER, "port": 2525}}).json()["smtp"]["hasPassword"] is True
    assert stored().smtp_password() == PASSWORD
    assert admin_api.patch(url, {"smtp": {**SERVER, "password": None}}).json()["smtp"]["hasPassword"] is False


def test_a_server_is_named_whole_so_what_is_absent_is_none(admin_api, url):
    nameless = {name: value for name, value in SERVER.items() if name != "username"}

    assert admin_api.patch(url, {"smtp": nameless}).json()["smtp"] == {
        **SERVER,
        "username": "",
        "hasPassword": False,
    }


def test_another_host_comes_without_the_password(admin_api, url):
    changed = admin_api.patch(url, {"smtp": {**SERVER, "host": "smtp.evil.example"}}).json()

    assert changed["smtp"]["hasPassword"] is False
    assert stored().smtp_secret == ""


def test_the_server_goes_with_null(admin_api, url):
    assert admin_api.patch(url, {"smtp": None}).json()["smtp"] is None


def test_refusals(admin_api, url, problem, workspace):
    create_mailbox(workspace, address="sales@acme.example", actor=operator())

    problem(admin_api.patch(url, {"address": "Sales@acme.example"}), 409, "mailbox_taken")
    problem(admin_api.post("mailboxes", {"address": "Sales@acme.example"}), 409, "mailbox_taken")
    problem(admin_api.patch(url, {"isDefault": False}), 409, "default_needed")
    problem(admin_api.get(f"mailboxes/{uuid.uuid4()}"), 404, "not_found")
    problem(admin_api.get("mailboxes/1"), 404, "not_found")


@pytest.mark.parametrize(
    ("smtp", "pointer", "code"),
    [
        ({}, "/smtp/host", "required"),
        ({**SERVER, "host": None}, "/smtp/host", "null"),
        ({**SERVER, "host": "127.0.0.1"}, "/smtp/host", "not_allowed"),
        ({**SERVER, "host": "10.0.0.5"}, "/smtp/host", "not_allowed"),
        ({**SERVER, "host": "::1"}, "/smtp/host", "invalid"),
        ({**SERVER, "port": 65_536}, "/smtp/port", "out_of_range"),
        ({**SERVER, "port": 6379}, "/smtp/port", "not_allowed"),
        ({**SERVER, "security": "ssl"}, "/smtp/security", "unknown_choice"),
        ({**SERVER, "password": ""}, "/smtp/password", "blank"),
        ({**SERVER, "password": "a\x00"}, "/smtp/password", "nul_character"),
        ({**SERVER, "hasPassword": True}, "/smtp/hasPassword", "unknown_field"),
        ("smtp.acme.example", "/smtp", "invalid"),
    ],
    ids=str,
)
def test_a_server_that_is_none_is_refused_in_its_place(admin_api, url, problem, smtp, pointer, code):
    document = problem(admin_api.patch(url, {"smtp": smtp}), 400, "invalid")

    assert (pointer, code) in [(error["pointer"], error["code"]) for error in document["errors"]]
    assert stored().smtp_password() == PASSWORD
