"""A small team on SQLite: eight clients write at once to a real server, and wait for each other rather than fail."""

import random
from collections import Counter
from functools import partial

import pytest

from inboxops.tests.live import Installation
from inboxops.tests.parallel import at_once

CLIENTS, STEPS = 8, 30

PREPARE = """
import json
from accounts.actions import create_user
from accounts.actors import operator
from workspaces.actions import add_member, create_token, create_workspace
from workspaces.models import Role, Scope
workspace = create_workspace(slug="acme", name="Acme", actor=operator())
user = create_user(email="agent@acme.example", name="Agent", actor=operator())
member = add_member(workspace, user=user, role=Role.AGENT, actor=operator())
print(json.dumps(create_token(member, scope=Scope.WRITE, actor=operator())[1]))
"""

AFTERWARDS = """
import json
from tickets.invariants import broken_invariants
print(json.dumps([str(broken) for broken in broken_invariants()]))
"""

EXPECTED = {
    200,
    201,
    (409, "ticket_merged"),
    (409, "already_merged"),
    (409, "target_merged"),
    (409, "merge_into_itself"),
    (409, "not_merged"),
    (409, "unmerge_first"),
}


@pytest.fixture(scope="module")
def installation(tmp_path_factory):
    return Installation(tmp_path_factory.mktemp("installation"))


@pytest.fixture(scope="module")
def token(installation):
    return installation.shell(PREPARE)


@pytest.fixture(scope="module")
def call(installation, token):
    """Calls the API as the agent: path below the workspace, then the body."""
    headers = {"Authorization": f"Bearer {token}", "x-workspace-id": "acme"}
    with installation.served() as server:

        def call(method, path, data=None, **more):
            return server.request(method, f"/v1/workspaces/acme/{path}", data, {**headers, **more})

        yield call


def every_ticket(call):
    status, headers, tickets = call("GET", "tickets?merged=true&archived=all&sort=ticketNumber&limit=500&count=exact")
    assert status == 200
    assert int(headers["X-Total-Count"]) == len(tickets), "More tickets than one page holds: raise nothing, write less."
    return tickets


def test_eight_clients_who_write_at_once_lose_nothing_and_see_no_failure(call, installation):
    shared = [call("POST", "tickets", {"subject": f"Shared {n}", "body": "Hello."})[2]["id"] for n in range(4)]
    outcomes = at_once([partial(_work, call, shared, n) for n in range(CLIENTS)], timeout=110)

    answers = sum((answers for answers, _, _ in outcomes), Counter())
    assert answers.keys() <= EXPECTED, f"Only these make sense here: {EXPECTED}; all answers: {answers}"
    numbers = [number for _, numbers, _ in outcomes for number in numbers]
    tickets = every_ticket(call)
    assert [ticket["ticketNumber"] for ticket in tickets] == list(range(1, len(tickets) + 1))
    assert len(numbers) == len(set(numbers)) == len(tickets) - len(shared)

    written = {message: body for _, _, messages in outcomes for message, body in messages.items()}
    stored = {}
    for ticket in tickets:
        status, _, messages = call("GET", f"tickets/{ticket['id']}/messages?limit=500")
        assert status == 200
        assert len(messages) == ticket["messageCount"]
        stored.update({message["id"]: message["body"] for message in messages})
    assert written.items() <= stored.items()
    assert len(stored) == len(tickets) + len(written), "One first message per ticket, and those that were answered."
    assert installation.shell(AFTERWARDS) == []


def _work(call, shared, client):
    """Random calls; answers how often which answer came, the numbers given and the messages written."""
    chance = random.Random(client)
    answers, numbers, written = Counter(), [], {}
    for step in range(STEPS):
        ticket, other = chance.sample(shared, 2)
        what = chance.choice(["create", "say", "say", "patch", "merge", "unmerge", "read"])
        if what == "create":
            status, _, body = call("POST", "tickets", {"subject": f"{client}.{step}", "body": "Hello.", "tags": ["x"]})
            numbers += [body["ticketNumber"]] if status == 201 else []
        elif what == "say":
            text = f"Client {client}, step {step}."
            status, _, body = call("POST", f"tickets/{ticket}/messages", {"body": text})
            written |= {body["id"]: text} if status == 201 else {}
        elif what == "patch":
            status, _, body = call("PATCH", f"tickets/{ticket}", {"subject": f"{client}.{step}", "tags": [str(step)]})
        elif what == "merge":
            status, _, body = call("POST", f"tickets/{ticket}/merge", {"targetTicketId": other})
        elif what == "unmerge":
            status, _, body = call("POST", f"tickets/{ticket}/unmerge")
        else:
            status, _, body = call("GET", "tickets?limit=20")
        answers[status if status < 400 else (status, body.get("code"))] += 1
    return answers, numbers, written


def test_eight_equal_requests_with_one_idempotency_key_make_one_ticket(call):
    before = len(every_ticket(call))
    for key in ("one", "two", "three"):
        answers = at_once(
            [
                partial(call, "POST", "tickets", {"subject": "Once", "body": "Only once."}, **{"Idempotency-Key": key})
                for _ in range(CLIENTS)
            ]
        )
        assert [status for status, _, _ in answers] == [201] * CLIENTS
        assert len({body["id"] for _, _, body in answers}) == 1
    assert len(every_ticket(call)) == before + 3


def test_of_eight_changes_to_one_version_one_is_made(call):
    ticket = call("POST", "tickets", {"subject": "Contested", "body": "Hello."})[2]["id"]
    for number in range(5):
        version = {"If-Match": call("GET", f"tickets/{ticket}")[1]["ETag"]}
        answers = at_once(
            [
                partial(call, "PATCH", f"tickets/{ticket}", {"subject": f"Change {number}.{n}"}, **version)
                for n in range(CLIENTS)
            ]
        )
        assert Counter(status for status, _, _ in answers) == {200: 1, 412: CLIENTS - 1}


def test_two_tickets_merged_into_each_other_at_once_become_one(call):
    for _ in range(10):
        one, other = (call("POST", "tickets", {"subject": "Twin", "body": "Hello."})[2]["id"] for _ in range(2))
        answers = at_once(
            [
                partial(call, "POST", f"tickets/{one}/merge", {"targetTicketId": other}),
                partial(call, "POST", f"tickets/{other}/merge", {"targetTicketId": one}),
            ]
        )
        assert sorted((status, body.get("code")) for status, _, body in answers) == [
            (200, None),
            (409, "target_merged"),
        ]
