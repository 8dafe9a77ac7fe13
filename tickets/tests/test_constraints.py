"""The database itself refuses what must never be, whoever asks: each rule is broken past the actions, by an update.

On SQLite a trigger says so at once; on PostgreSQL a foreign key does at commit, or when it is asked to hurry.
"""

import uuid
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.actors import operator
from inboxops import clock
from inboxops.tests.factories import MembershipFactory, TicketFactory
from tickets import actions, constraints
from tickets.models import Contact, Delivery, Merge, MergedMessage, Message, Ticket, TicketEvent, TicketTag
from tickets.workflow import Status
from workspaces.models import Membership, Role


@pytest.fixture
def refused():
    """Does it in a transaction of its own up to its end, and expects the database to refuse."""

    @transaction.atomic
    def to_its_end(write):
        write()
        connection.check_constraints()

    def attempt(write):
        with pytest.raises(DatabaseError):
            to_its_end(write)

    return attempt


@pytest.fixture
def merged(workspace, ticket):
    """A ticket merged into `ticket`."""
    source = TicketFactory(workspace=workspace)
    actions.merge_tickets(source, ticket, actor=operator())
    source.refresh_from_db()
    return source


CLOSED = {"status": Status.CLOSED, "closed_at": clock.now()}


def test_what_the_tests_below_break_is_installed(db):
    assert constraints.missing(connection) == []


# No reference leads into another workspace


def test_a_message_cannot_be_moved_into_another_workspaces_ticket(ticket, outsider_ticket, refused):
    refused(lambda: Message.objects.filter(ticket=ticket).update(ticket=outsider_ticket))


def test_a_message_cannot_come_from_another_workspaces_ticket(ticket, outsider_ticket, refused):
    refused(lambda: Message.objects.filter(ticket=ticket).update(origin_ticket=outsider_ticket))


def test_a_message_cannot_be_taken_along_into_another_workspace(ticket, outsider_ticket, refused):
    workspace = outsider_ticket.workspace
    refused(lambda: Message.objects.filter(ticket=ticket).update(ticket=outsider_ticket, workspace=workspace))


def test_a_message_cannot_be_made_in_another_workspaces_ticket(ticket, outsider_ticket, refused):
    message = Message.objects.get(ticket=ticket)
    message.pk = uuid.uuid4()
    message.ticket = outsider_ticket
    refused(lambda: message.save(force_insert=True))


def test_a_ticket_cannot_change_its_workspace(ticket, outsider, refused):
    refused(lambda: Ticket.objects.filter(pk=ticket.pk).update(workspace=outsider.workspace, number=99))


def test_a_ticket_cannot_be_merged_into_another_workspaces(ticket, outsider_ticket, refused):
    refused(lambda: Ticket.objects.filter(pk=ticket.pk).update(merged_into=outsider_ticket, **CLOSED))


def test_a_ticket_cannot_be_split_from_another_workspaces(ticket, outsider_ticket, refused):
    refused(lambda: Ticket.objects.filter(pk=ticket.pk).update(split_from=outsider_ticket))


def test_a_ticket_cannot_have_another_workspaces_contact_as_requester(ticket, outsider_ticket, refused):
    refused(lambda: Ticket.objects.filter(pk=ticket.pk).update(requester=outsider_ticket.requester))


def test_a_tag_cannot_be_put_on_another_workspaces_ticket(ticket, outsider_ticket, refused):
    refused(lambda: TicketTag.objects.create(workspace=ticket.workspace, ticket=outsider_ticket, key="x"))


def test_an_event_cannot_be_told_of_another_workspaces_ticket(ticket, outsider_ticket, refused):
    refused(lambda: TicketEvent.objects.filter(ticket=ticket).update(ticket=outsider_ticket))


def test_a_merge_cannot_name_another_workspaces_ticket(merged, outsider_ticket, refused):
    refused(lambda: Merge.objects.filter(source=merged).update(target=outsider_ticket))


def test_a_delivery_cannot_be_of_another_workspaces_message(ticket, outsider_ticket, refused):
    foreign = Message.objects.get(ticket=outsider_ticket)
    refused(lambda: Delivery.objects.create(workspace=ticket.workspace, message=foreign, internet_message_id="<1@x>"))


# Merging


def test_a_ticket_cannot_point_at_a_merged_one(workspace, merged, refused):
    third = TicketFactory(workspace=workspace)
    refused(lambda: Ticket.objects.filter(pk=third.pk).update(merged_into=merged, **CLOSED))


def test_a_ticket_that_others_point_at_cannot_be_merged_without_them(workspace, ticket, merged, refused):
    third = TicketFactory(workspace=workspace)
    refused(lambda: Ticket.objects.filter(pk=ticket.pk).update(merged_into=third, **CLOSED))


def test_two_tickets_cannot_point_at_each_other(ticket, merged, refused):
    refused(lambda: Ticket.objects.filter(pk=ticket.pk).update(merged_into=merged, **CLOSED))


def test_a_ticket_cannot_point_at_itself(ticket, refused):
    refused(lambda: Ticket.objects.filter(pk=ticket.pk).update(merged_into=ticket, **CLOSED))


def test_a_merged_ticket_cannot_be_open(merged, refused):
    refused(lambda: Ticket.objects.filter(pk=merged.pk).update(status=Status.OPEN, closed_at=None))


def test_a_ticket_cannot_be_merged_a_second_time_while_it_is(workspace, merged, refused):
    third = TicketFactory(workspace=workspace)
    refused(
        lambda: Merge.objects.create(
            workspace=workspace, source=merged, target=third, moved_count=0, created_at=clock.now()
        )
    )


def test_a_merge_cannot_be_into_the_source(workspace, ticket, refused):
    refused(
        lambda: Merge.objects.create(
            workspace=workspace, source=ticket, target=ticket, moved_count=0, created_at=clock.now()
        )
    )


def test_a_merge_moves_a_message_once(workspace, merged, refused):
    moved = MergedMessage.objects.get(merge__source=merged)
    refused(lambda: MergedMessage.objects.create(workspace=workspace, merge=moved.merge, message=moved.message))


# One of each


def test_a_number_is_given_once(workspace, ticket, refused):
    other = TicketFactory(workspace=workspace)
    refused(lambda: Ticket.objects.filter(pk=other.pk).update(number=ticket.number))


def test_a_contact_is_known_once(workspace, ticket, refused):
    twin = ticket.requester.email_key
    refused(lambda: Contact.objects.create(workspace=workspace, email="Carla@customer.example", email_key=twin))


def test_a_tag_is_on_a_ticket_once(workspace, ticket, refused):
    TicketTag.objects.create(workspace=workspace, ticket=ticket, key="x")
    refused(lambda: TicketTag.objects.create(workspace=workspace, ticket=ticket, key="x"))


def test_a_message_leaves_by_mail_once(workspace, ticket, actor, refused):
    message = actions.append_message(ticket, body="Hello.", send_email=True, actor=actor)
    refused(lambda: Delivery.objects.create(workspace=workspace, message=message, internet_message_id="<again@x>"))


def test_a_person_is_a_member_once(agent, refused):
    refused(lambda: Membership.objects.create(workspace=agent.workspace, user=agent.user, role=Role.VIEWER))


# What a row says of itself


def test_a_ticket_is_closed_exactly_when_it_says_since_when(ticket, refused):
    refused(lambda: Ticket.objects.filter(pk=ticket.pk).update(status=Status.CLOSED))
    refused(lambda: Ticket.objects.filter(pk=ticket.pk).update(closed_at=clock.now() + timedelta(days=1)))


@pytest.mark.parametrize("change", [{"status": "lost"}, {"priority": 9}, {"number": 0}], ids=lambda c: next(iter(c)))
def test_a_ticket_knows_its_values(ticket, change, refused):
    refused(lambda: Ticket.objects.filter(pk=ticket.pk).update(**change))


def test_a_customers_message_cannot_become_a_note(ticket, refused):
    refused(lambda: Message.objects.filter(ticket=ticket).update(is_internal=True))


def test_a_message_cannot_be_a_customers_and_ours(ticket, refused):
    user = MembershipFactory(workspace=ticket.workspace).user
    refused(lambda: Message.objects.filter(ticket=ticket).update(user=user))
