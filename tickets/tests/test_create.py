import pytest

from inboxops.errors import Forbidden, Invalid, NotFound
from tickets.actions import Person, create_ticket
from tickets.models import Contact, Message, Ticket
from tickets.workflow import AuthorKind, Priority
from workspaces.permissions import member_actor


def test_the_contract_example_creates_an_open_ticket(api):
    response = api.post("tickets", {"subject": "Support request", "body": "Initial message text."})

    assert response.status_code == 201
    ticket = response.json()
    assert (ticket["ticketNumber"], ticket["subject"], ticket["status"]) == (1, "Support request", "open")
    assert (ticket["priority"], ticket["tags"], ticket["assigneeId"]) == ("normal", [], None)
    assert ticket["allowedTransitions"] == ["pending", "closed"]
    assert response["Location"].endswith(f"/tickets/{ticket['id']}")
    assert response["ETag"].startswith('"1-')


def test_a_ticket_has_exactly_the_documented_fields(api):
    ticket = api.post("tickets", {"subject": "S", "body": "B"}).json()

    assert set(ticket) == set(
        "id ticketNumber subject status priority assigneeId assignee requester ccs tags mailboxId channel messageCount"
        " lastMessageAt firstRepliedAt closedAt archivedAt mergedIntoId splitFromId createdAt updatedAt version"
        " allowedTransitions".split()
    )


def test_everything_optional_is_taken(api, agent):
    body = {
        "subject": "Refund",
        "body": "Please",
        "bodyHtml": "<p>Please<script>alert(1)</script></p>",
        "requester": {"email": "Ann@Shop.example", "name": "Ann"},
        "ccs": ["bob@shop.example"],
        "priority": "urgent",
        "tags": ["Billing", "vip"],
        "assigneeId": str(agent.user_id),
    }
    created = api.post("tickets", body).json()
    shown = api.get(f"tickets/{created['id']}").json()

    assert shown["requester"]["email"] == "Ann@Shop.example"
    assert shown["assignee"] == {"id": str(agent.user_id), "name": agent.user.name, "email": agent.user.email}
    assert (shown["ccs"], shown["tags"], shown["priority"]) == (["bob@shop.example"], ["Billing", "vip"], "urgent")
    assert shown["messages"][0]["bodyHtml"] == "<p>Please</p>"
    assert shown["messages"][0]["authorType"] == "customer"


def test_the_first_message_is_the_members_when_there_is_no_requester(workspace, agent, actor):
    create_ticket(workspace, subject="S", body="B", actor=actor)

    message = Message.objects.get()
    assert (message.author_kind, message.user_id, message.contact) == (AuthorKind.AGENT, agent.user_id, None)


def test_tags_are_trimmed_and_kept_once_as_first_written(api):
    ticket = api.post("tickets", {"subject": "S", "body": "B", "tags": [" Billing ", "BILLING", "late  fee"]}).json()

    assert ticket["tags"] == ["Billing", "late fee"]


def test_a_contact_is_known_by_address_whatever_its_case(workspace, actor):
    for email in ("ann@shop.example", "ANN@shop.example"):
        create_ticket(workspace, subject="S", body="B", requester=Person(email, "Ann"), actor=actor)

    assert Contact.objects.get().email == "ann@shop.example"


def test_numbers_count_up_per_workspace(workspace, actor, outsider, outsider_ticket):
    numbers = [create_ticket(workspace, subject="S", body="B", actor=actor).number for _ in range(3)]

    assert numbers == [1, 2, 3]
    assert outsider_ticket.number == 1


def test_a_refused_ticket_takes_no_number(workspace, actor):
    with pytest.raises(Invalid):
        create_ticket(workspace, subject="S", body="B", tags=["x" * 51], actor=actor)

    assert create_ticket(workspace, subject="S", body="B", actor=actor).number == 1


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"body": "B"}, "/subject", "required"),
        ({"subject": "S"}, "/body", "required"),
        ({"subject": " ", "body": "B"}, "/subject", "blank"),
        ({"subject": "S", "body": "\n\t"}, "/body", "blank"),
        ({"subject": "x" * 501, "body": "B"}, "/subject", "too_long"),
        ({"subject": "S", "body": "x" * 200_001}, "/body", "too_long"),
        ({"subject": 1, "body": "B"}, "/subject", "invalid"),
        ({"subject": "S", "body": "B", "priority": "huge"}, "/priority", "unknown_choice"),
        ({"subject": "S", "body": "B", "tags": "billing"}, "/tags", "invalid"),
        ({"subject": "S", "body": "B", "tags": ["ok", ""]}, "/tags/1", "blank"),
        ({"subject": "S", "body": "B", "tags": ["a,b"]}, "/tags/0", "invalid"),
        ({"subject": "S", "body": "B", "tags": [f"t{n}" for n in range(51)]}, "/tags", "too_many"),
        ({"subject": "S", "body": "B", "ccs": ["not an address"]}, "/ccs/0", "invalid"),
        ({"subject": "S", "body": "B", "ccs": ["a@b.example\r\nBcc: c@d.example"]}, "/ccs/0", "invalid"),
        ({"subject": "S", "body": "B", "requester": {"name": "Ann"}}, "/requester/email", "required"),
        ({"subject": "S", "body": "B", "requester": {"email": "ann"}}, "/requester/email", "invalid"),
        ({"subject": "S", "body": "B", "assigneeId": "me"}, "/assigneeId", "invalid"),
        ({"subject": "S", "body": "B", "subjekt": "S"}, "/subjekt", "unknown_field"),
        ({"subject": "S", "body": "a\x00b"}, "/body", "nul_character"),
        ({"subject": "S", "body": "B", "bodyHtml": "<div>" * 1000}, "/bodyHtml", "nested_too_deep"),
    ],
)
def test_bad_input_is_refused_with_its_place(api, problem, body, pointer, code):
    document = problem(api.post("tickets", body), 400, document_code(code))

    assert [(error["pointer"], error["code"]) for error in document["errors"]] == [(pointer, code)]
    assert not Ticket.objects.exists()


def document_code(code):
    """A wrong shape is `invalid` as a whole; a broken rule lends its code to the whole."""
    return code if code == "nested_too_deep" else "invalid"


def test_every_error_is_told_at_once(api, problem):
    document = problem(api.post("tickets", {"subject": "", "priority": 7, "colour": "red"}), 400, "invalid")

    assert {error["pointer"] for error in document["errors"]} == {"/subject", "/body", "/priority", "/colour"}


def test_viewers_and_strangers_cannot_be_assigned(api, problem, viewer, outsider):
    for user_id in (viewer.user_id, outsider.user_id, "00000000-0000-7000-8000-000000000000"):
        document = problem(
            api.post("tickets", {"subject": "S", "body": "B", "assigneeId": str(user_id)}), 400, "not_assignable"
        )
        assert document["errors"][0]["pointer"] == "/assigneeId"


def test_a_viewer_creates_nothing(workspace, viewer):
    from accounts.actors import Door

    with pytest.raises(Forbidden):
        create_ticket(workspace, subject="S", body="B", actor=member_actor(viewer, Door.ADMIN))


def test_an_outsider_creates_nothing_here(workspace, outsider):
    from accounts.actors import Door

    with pytest.raises(NotFound):
        create_ticket(workspace, subject="S", body="B", actor=member_actor(outsider, Door.ADMIN))


def test_priorities_have_their_names(workspace, actor):
    assert create_ticket(workspace, subject="S", body="B", priority=Priority.HIGH, actor=actor).priority == 3


def test_creation_is_the_first_event(api):
    ticket = api.post("tickets", {"subject": "S", "body": "B"}, headers={"X-Request-Id": "trace-1"}).json()
    (event,) = api.get(f"tickets/{ticket['id']}/events").json()

    assert (event["kind"], event["requestId"], event["actor"]["door"]) == ("ticket.created", "trace-1", "api")
    assert event["actor"]["userId"] == str(api.membership.user_id)
    assert event["actor"]["tokenId"] == str(api.row.pk)


def test_a_new_ticket_names_a_nameless_contact_but_renames_nobody(workspace, actor):
    for name in ("", "Ann", "Somebody Else"):
        create_ticket(workspace, subject="S", body="B", requester=Person("ann@shop.example", name), actor=actor)

    assert Contact.objects.get().name == "Ann"


def test_nul_is_refused_at_every_door(workspace, actor):
    for text in ({"subject": "a\x00"}, {"body": "a\x00"}):
        with pytest.raises(Invalid):
            create_ticket(workspace, **{"subject": "S", "body": "B", **text}, actor=actor)
