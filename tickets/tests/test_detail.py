import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tickets.actions import append_message
from tickets.api import representations


@pytest.fixture
def bounds(monkeypatch):
    """Sets other bounds of a detail than the real ones, which take long to reach."""

    def set_bounds(**constants):
        for name, value in constants.items():
            monkeypatch.setattr(representations, name, value)
        # They are part of the statement, which may have been compiled already.
        monkeypatch.setattr(representations._CONVERSATION, "_statements", {})

    return set_bounds


def test_messages_come_oldest_first(api, ticket, actor):
    for number in range(3):
        append_message(ticket, body=f"message {number}", actor=actor)

    bodies = [message["body"] for message in api.get(f"tickets/{ticket.pk}").json()["messages"]]
    assert bodies == ["It flickers.", "message 0", "message 1", "message 2"]


def test_a_message_has_exactly_the_documented_fields(api, ticket):
    (message,) = api.get(f"tickets/{ticket.pk}").json()["messages"]

    assert set(message) == set(
        "id ticketId originTicketId authorType author isInternal channel body bodyHtml attachments toAddresses"
        " ccAddresses delivery createdAt".split()
    )


def test_a_long_ticket_shows_its_newest_messages_and_says_so(api, ticket, actor, bounds):
    bounds(DETAIL_MESSAGES=2)
    for number in range(3):
        append_message(ticket, body=f"message {number}", actor=actor)

    shown = api.get(f"tickets/{ticket.pk}").json()
    assert [message["body"] for message in shown["messages"]] == ["message 1", "message 2"]
    assert (shown["messagesTruncated"], shown["messageCount"]) == (True, 4)


def test_large_messages_are_bounded_by_size_before_they_are_read(api, ticket, actor, bounds):
    bounds(DETAIL_BYTES=910)
    append_message(ticket, body="x" * 900, actor=actor)
    append_message(ticket, body="last", actor=actor)

    api.get("tickets")  # notes the use of the token, once a minute
    with CaptureQueriesContext(connection) as queries:
        shown = api.get(f"tickets/{ticket.pk}").json()

    assert [len(message["body"]) for message in shown["messages"]] == [900, 4]
    assert shown["messagesTruncated"] is True
    assert len(queries) == 3


def test_all_messages_can_be_paged_through(api, ticket, actor):
    for number in range(4):
        append_message(ticket, body=f"message {number}", actor=actor)

    seen, cursor = [], None
    while True:
        response = api.get(f"tickets/{ticket.pk}/messages", {"limit": 2, **({"cursor": cursor} if cursor else {})})
        seen += [message["body"] for message in response.json()]
        cursor = response.headers.get("X-Next-Cursor")
        if not cursor:
            break

    assert seen == ["It flickers.", "message 0", "message 1", "message 2", "message 3"]
    assert response["X-Total-Count"] == "5"


def test_the_number_of_queries_does_not_grow_with_the_messages(api, ticket, actor, django_assert_num_queries):
    for number in range(10):
        append_message(ticket, body=f"message {number}", send_email=True, actor=actor)

    api.get("tickets")  # notes the use of the token, once a minute
    # Who asks, the ticket, and of its messages those that fit.
    with django_assert_num_queries(3):
        api.get(f"tickets/{ticket.pk}")


def test_the_timeline_is_a_bare_array_oldest_first(api, ticket):
    api.post(f"tickets/{ticket.pk}/archive")

    kinds = [event["kind"] for event in api.get(f"tickets/{ticket.pk}/events").json()]
    assert kinds == ["ticket.created", "ticket.archived"]
