"""ETag, If-Match and If-None-Match of tickets: no update is lost, no unchanged answer is sent again."""

import re
import uuid

import pytest

from accounts.actors import operator
from inboxops.tests.calls import World, prepare
from inboxops.tests.routes import routes
from tickets.actions import Changes, Person, append_message, settle_delivery, update_ticket
from tickets.models import Delivery, Ticket
from tickets.workflow import DeliveryState
from workspaces.models import Membership

# A file that waits for a message changes nothing of the ticket.
NO_EDITS = {"POST attachment-upload-url", "POST attachment-confirm"}
# A call that changes a ticket, and so can be told which version it is meant for.
EDITS = [
    route
    for route in routes()
    if route.method in ("POST", "PATCH") and {"ticketId", "sourceTicketId"} & set(route.names)
    if str(route) not in NO_EDITS
]


@pytest.fixture
def world(workspace):
    return World(workspace)


def source_of(call):
    return Ticket.objects.get(pk=call.path.get("ticketId") or call.path["sourceTicketId"])


def tag(version):
    return f'"{version}-0123456789abcdef"'


# ETag


def test_a_single_ticket_has_a_strong_tag_that_begins_with_its_version(api, ticket):
    response = api.get(f"tickets/{ticket.pk}")

    assert re.fullmatch(rf'"{response.json()["version"]}-[0-9a-f]{{16}}"', response["ETag"])


@pytest.mark.parametrize("name", ["ticket", "ticket-status", "ticket-archive", "ticket-unarchive", "ticket-unmerge"])
def test_the_answer_of_a_change_has_the_tag_of_the_new_version(world, api, name):
    call = prepare(next(route for route in EDITS if route.name == name), world)
    response = call.send(api)

    assert response["ETag"].startswith(f'"{source_of(call).version}-')
    assert response.json()["version"] == source_of(call).version


def test_the_tag_of_a_change_can_be_used_for_the_next_one(api, ticket):
    url = f"tickets/{ticket.pk}"
    first = api.patch(url, {"priority": "high"})
    second = api.patch(url, {"priority": "low"}, headers={"If-Match": first["ETag"]})

    assert second.status_code == 200
    assert api.patch(url, {"priority": "high"}, headers={"If-Match": first["ETag"]}).status_code == 412


def test_the_same_answer_has_the_same_tag(api, ticket):
    assert api.get(f"tickets/{ticket.pk}")["ETag"] == api.get(f"tickets/{ticket.pk}")["ETag"]


# What is shown without being the ticket's own, and so changes the tag though not the version.


def _rename_requester(ticket, agent):
    other = World(ticket.workspace).ticket()
    update_ticket(other, changes=Changes(requester=Person(ticket.requester.email, "Carla Married")), actor=operator())


def _rename_assignee(ticket, agent):
    agent.user.name = "Agent Renamed"
    agent.user.save()


def _readdress_assignee(ticket, agent):
    agent.user.email = "renamed@acme.example"
    agent.user.save()


@pytest.mark.parametrize("change", [_rename_requester, _rename_assignee, _readdress_assignee])
def test_another_name_changes_the_tag_but_not_the_version(api, ticket, agent, change):
    update_ticket(ticket, changes=Changes(assignee_id=agent.user_id), actor=operator())
    before = api.get(f"tickets/{ticket.pk}")

    change(ticket, agent)
    after = api.get(f"tickets/{ticket.pk}", headers={"If-None-Match": before["ETag"]})

    assert after.status_code == 200
    assert after["ETag"] != before["ETag"]
    assert after["ETag"].partition("-")[0] == before["ETag"].partition("-")[0]
    answered = api.patch(f"tickets/{ticket.pk}", {"priority": "high"}, headers={"If-Match": before["ETag"]})
    assert answered.status_code == 200


def test_a_mail_that_left_changes_the_tag(api, ticket):
    append_message(ticket, body="On its way.", send_email=True, actor=operator())
    before = api.get(f"tickets/{ticket.pk}")["ETag"]

    Delivery.objects.update(state=DeliveryState.SENDING, claimed_by=uuid.uuid4())

    assert api.get(f"tickets/{ticket.pk}", headers={"If-None-Match": before}).status_code == 200


def test_a_mail_that_failed_is_a_change_of_the_ticket(api, ticket):
    append_message(ticket, body="On its way.", send_email=True, actor=operator())
    before = api.get(f"tickets/{ticket.pk}")["ETag"]

    settle_delivery(Delivery.objects.get(), state=DeliveryState.FAILED, detail="No such user.", actor=operator())

    assert api.get(f"tickets/{ticket.pk}", headers={"If-None-Match": before}).status_code == 200


# If-None-Match


@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', '{} , W/"x"', " {} ", "*"])
def test_what_the_client_has_is_not_sent_again(api, ticket, form):
    current = api.get(f"tickets/{ticket.pk}")["ETag"]
    response = api.get(f"tickets/{ticket.pk}", headers={"If-None-Match": form.format(current)})

    assert (response.status_code, response.content, response["ETag"]) == (304, b"", current)
    assert "Content-Type" not in response
    assert response["Cache-Control"] == "private, no-cache"


def test_a_tag_with_the_right_version_but_another_digest_is_not_what_there_is(api, ticket):
    response = api.get(f"tickets/{ticket.pk}", headers={"If-None-Match": tag(ticket.version)})

    assert response.status_code == 200


def test_a_ticket_that_changed_is_sent(api, ticket):
    current = api.get(f"tickets/{ticket.pk}")["ETag"]
    append_message(ticket, body="More.", actor=operator())

    assert api.get(f"tickets/{ticket.pk}", headers={"If-None-Match": current}).status_code == 200


# If-Match


@pytest.mark.parametrize("route", EDITS, ids=str)
def test_a_change_meant_for_an_older_version_is_refused_and_changes_nothing(world, api, problem, route):
    call = prepare(route, world)
    version = source_of(call).version
    before = world.dump()["tickets.Ticket"]

    document = problem(call.send(api, headers={"If-Match": tag(version - 1)}), 412, "version_mismatch")

    assert document["version"] == version
    assert world.dump()["tickets.Ticket"] == before


@pytest.mark.parametrize("form", ["{}", "*", '"0-0000000000000000", {}', '{}, "x"', "  {}  "])
@pytest.mark.parametrize("route", EDITS, ids=str)
def test_a_change_meant_for_this_version_is_made(world, api, route, form):
    call = prepare(route, world)
    response = call.send(api, headers={"If-Match": form.format(tag(source_of(call).version))})

    assert response.status_code in (200, 201), response.content


def test_the_ending_that_a_compressing_proxy_adds_is_overlooked(api, ticket):
    compressed = tag(ticket.version).removesuffix('"') + '-gzip"'

    assert api.patch(f"tickets/{ticket.pk}", {"priority": "high"}, headers={"If-Match": compressed}).status_code == 200


@pytest.mark.parametrize("form", ["W/{}", '"1"', '""', '"x"', '"-0123456789abcdef"', '"999999999-0123456789abcdef"'])
def test_a_weak_or_foreign_tag_never_matches(api, ticket, problem, form):
    response = api.patch(
        f"tickets/{ticket.pk}", {"priority": "high"}, headers={"If-Match": form.format(tag(ticket.version))}
    )

    problem(response, 412, "version_mismatch")


@pytest.mark.parametrize("method", ["GET", "PATCH"])
@pytest.mark.parametrize(
    "value", ["1-0123456789abcdef", '"open', '"a" "b"', "**", '"a",', ",", 'w/"x"', "\u00e9", "", " "]
)
def test_what_is_no_list_of_tags_is_refused(api, ticket, problem, method, value):
    header = "If-None-Match" if method == "GET" else "If-Match"

    problem(api.request(method, f"tickets/{ticket.pk}", {}, headers={header: value}), 400, "invalid_header")


def test_an_update_that_would_be_lost_is_not(api, ticket):
    """Two agents open the same ticket; the second to save hears of the first."""
    opened = api.get(f"tickets/{ticket.pk}")["ETag"]

    first = api.patch(f"tickets/{ticket.pk}", {"tags": ["first"]}, headers={"If-Match": opened})
    second = api.patch(f"tickets/{ticket.pk}", {"tags": ["second"]}, headers={"If-Match": opened})

    assert (first.status_code, second.status_code) == (200, 412)
    assert api.get(f"tickets/{ticket.pk}").json()["tags"] == ["first"]


def test_rights_are_asked_before_the_version(ticket, viewer, api_of, problem):
    response = api_of(viewer).patch(f"tickets/{ticket.pk}", {}, headers={"If-Match": tag(99)})

    problem(response, 403, "insufficient_scope")
    assert Membership.objects.filter(pk=viewer.pk).exists()
