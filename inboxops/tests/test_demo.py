"""The demonstration: what its script promises, and what stands in the database when it has been played."""

import datetime as dt
import time
from collections import Counter

import pytest
from django.db import connection, transaction
from django.test import Client

from accounts.actors import operator
from accounts.models import User
from inboxops.demo import characters
from inboxops.demo.conversations import CONVERSATIONS
from inboxops.demo.play import play
from inboxops.demo.prepare import TEAM, make_demo
from inboxops.demo.script import END, Character, Conversation, Reply, Said, Split, Step, time_of
from tickets.models import Contact, Delivery, Merge, Message, Ticket, TicketEvent
from tickets.workflow import DeliveryState, EventKind, Priority, Status
from workspaces.actions import create_token
from workspaces.models import Mailbox, Membership, Role, Scope, Workspace

NOW = dt.datetime(2026, 5, 20, 14, 30, tzinfo=dt.UTC)
DAYS_OFF = {6, 7, 13, 14, 20}


@pytest.fixture(scope="module")
def demo(django_db_setup, django_db_blocker):
    """Played once for all tests of this module, which only look."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield make_demo(actor=operator(), now=NOW)
        transaction.set_rollback(True)


def steps_of(conversation):
    for step in conversation.steps:
        yield step
        if isinstance(step, Split):
            yield from step.steps


# The script ---------------------------------------------------------------------------------------------------------


def test_every_conversation_has_a_key_of_its_own():
    keys = [conversation.key for conversation in CONVERSATIONS]
    keys += [step.key for c in CONVERSATIONS for step in steps_of(c) if isinstance(step, Split)]
    assert not [key for key, times in Counter(keys).items() if times > 1]


@pytest.mark.parametrize("conversation", CONVERSATIONS, ids=lambda conversation: conversation.key)
def test_a_conversation_goes_forward_in_time_and_not_beyond_now(conversation):
    times = [time_of(conversation.at), *(time_of(step.at) for step in conversation.steps)]
    assert times == sorted(set(times))
    assert times[-1] < END
    assert times[0] >= dt.timedelta(days=1)
    for split in conversation.steps:
        if isinstance(split, Split):
            later = [time_of(split.at), *(time_of(step.at) for step in split.steps)]
            assert later == sorted(set(later))


@pytest.mark.parametrize("conversation", CONVERSATIONS, ids=lambda conversation: conversation.key)
def test_the_team_works_in_working_hours(conversation):
    for step in steps_of(conversation):
        if isinstance(step, Said) and step.by is None:
            continue
        at = time_of(step.at)
        assert at.days not in DAYS_OFF, step
        assert 8 <= at.seconds // 3600 < 18, step


@pytest.mark.parametrize("text", ["3 9:14", "today 10:00", "3 10:00 ", ""])
def test_a_time_that_is_none_is_refused(text):
    with pytest.raises(ValueError, match="is not a time"):
        time_of(text)


def test_every_character_is_used_and_has_a_reserved_address():
    everybody = {value for value in vars(characters).values() if isinstance(value, Character)}
    assert all(character.email.endswith(".example") for character in everybody)
    assert everybody <= {conversation.who for conversation in CONVERSATIONS}


def test_a_step_the_stage_does_not_know_is_an_error(demo):
    class Juggle(Step):
        pass

    team = {membership.role: membership for membership in Membership.objects.filter(workspace=demo)}
    conversation = Conversation("x", "1 09:00", None, "Subject", "Text", steps=[Juggle("1 09:01")])
    with pytest.raises(TypeError, match="Juggle"), transaction.atomic():
        play(
            [conversation],
            workspace=demo,
            team=team,
            mailbox=Mailbox.objects.get(workspace=demo, is_default=True),
            now=NOW,
        )


# What was played ----------------------------------------------------------------------------------------------------


def test_there_are_sixty_tickets_in_every_status_and_priority(demo):
    tickets = Ticket.objects.in_workspace(demo.pk)
    assert tickets.count() == 60
    shown = tickets.filter(archived_at=None, merged_into=None)
    for status in Status:
        assert shown.filter(status=status).count() >= 10, f"too few tickets are {status}"
    for priority in Priority:
        assert tickets.filter(priority=priority).count() >= 4, f"too few tickets are {priority.label}"


def test_tickets_were_merged_unmerged_split_and_archived(demo):
    tickets = Ticket.objects.in_workspace(demo.pk)
    assert tickets.filter(merged_into__isnull=False).count() >= 3
    assert Merge.objects.filter(workspace=demo, undone_at__isnull=False).count() >= 1
    assert tickets.filter(split_from__isnull=False).count() >= 2
    assert tickets.filter(archived_at__isnull=False).count() >= 5


def test_closed_tickets_were_reopened_with_reasons(demo):
    reopened = TicketEvent.objects.filter(workspace=demo, kind=EventKind.STATUS_CHANGED, data__before="closed")
    assert reopened.filter(data__after="open").count() >= 3
    assert not [event for event in reopened if not event.data["reason"]]


def test_numbers_follow_the_order_of_creation_without_gaps(demo):
    rows = list(Ticket.objects.in_workspace(demo.pk).order_by("number").values_list("number", "created_at"))
    assert [number for number, _ in rows] == list(range(1, 61))
    assert [moment for _, moment in rows] == sorted(moment for _, moment in rows)


def test_three_weeks_end_minutes_to_hours_ago(demo):
    messages = Message.objects.filter(workspace=demo)
    first, last = messages.earliest("created_at").created_at, messages.latest("created_at").created_at
    assert dt.timedelta(days=20) < NOW - first < dt.timedelta(days=22)
    assert dt.timedelta(minutes=1) < NOW - last < dt.timedelta(hours=4)
    assert not TicketEvent.objects.filter(workspace=demo, created_at__gt=NOW).exists()


def test_the_three_members_have_one_role_each(demo):
    members = Membership.objects.filter(workspace=demo).select_related("user")
    assert {member.role: (member.user.email, member.user.name) for member in members} == TEAM
    assert not User.objects.filter(is_superuser=True).exists()


def test_every_address_is_on_a_reserved_domain(demo):
    addresses = set(Contact.objects.filter(workspace=demo).values_list("email", flat=True))
    addresses |= set(User.objects.values_list("email", flat=True))
    addresses |= set(Mailbox.objects.filter(workspace=demo).values_list("address", flat=True))
    addresses |= {cc for ccs in Ticket.objects.in_workspace(demo.pk).values_list("ccs", flat=True) for cc in ccs}
    for recipients in Delivery.objects.filter(workspace=demo).values_list("recipients", flat=True):
        addresses |= {recipient["address"] for recipient in recipients}
    assert len(addresses) > 40
    assert [address for address in addresses if not address.endswith(".example")] == []


def test_every_mail_has_come_to_its_end_with_the_words_of_a_server(demo):
    deliveries = Delivery.objects.filter(workspace=demo)
    states = Counter(deliveries.values_list("state", flat=True))
    assert set(states) == {DeliveryState.SENT, DeliveryState.BOUNCED, DeliveryState.FAILED}
    assert states[DeliveryState.SENT] > 10 * (states[DeliveryState.BOUNCED] + states[DeliveryState.FAILED])
    assert not deliveries.filter(detail="").exists()
    assert not deliveries.filter(settled_at=None).exists()


def test_the_conversations_are_varied(demo):
    tickets, messages = Ticket.objects.in_workspace(demo.pk), Message.objects.filter(workspace=demo)
    assert tickets.filter(message_count__gte=8).count() >= 4
    assert messages.exclude(body_html="").count() >= 5
    assert messages.filter(is_internal=True).count() >= 30
    assert {channel for (channel,) in tickets.values_list("channel").distinct()} == {"api", "email", "admin", "import"}
    assert {role for role in Role if tickets.filter(assignee__email=TEAM[role][0]).exists()} == {Role.ADMIN, Role.AGENT}
    assert tickets.filter(assignee=None, status=Status.OPEN).exists()
    assert len([ticket for ticket in tickets if ticket.ccs]) >= 8
    assert tickets.exclude(mailbox=None).count() >= 40


def test_what_came_by_mail_belongs_to_the_mailbox(demo):
    by_mail = Ticket.objects.in_workspace(demo.pk).filter(channel="email")
    assert set(by_mail.values_list("mailbox__address", flat=True)) == {"support@ws-123.example"}


def test_every_reference_holds(demo):
    connection.check_constraints()


def test_the_same_moment_makes_the_same_inbox(demo):
    def shape(workspace):
        fields = ("number", "subject", "status", "priority", "tags", "message_count", "last_message_at", "updated_at")
        tickets = list(Ticket.objects.in_workspace(workspace.pk).order_by("number").values_list(*fields))
        deliveries = list(Delivery.objects.filter(workspace=workspace).order_by("settled_at").values_list("detail"))
        return tickets, deliveries

    first = shape(demo)
    with transaction.atomic():
        Workspace.objects.filter(pk=demo.pk).update(slug="first")
        assert shape(make_demo(actor=operator(), now=NOW)) == first
        transaction.set_rollback(True)


def test_playing_it_is_quick(demo):
    started = time.process_time()
    with transaction.atomic():
        Workspace.objects.filter(pk=demo.pk).update(slug="first")
        make_demo(actor=operator(), now=NOW)
        transaction.set_rollback(True)
    assert time.process_time() - started < 5


def test_search_finds_what_was_said_in_every_language(demo):
    membership = Membership.objects.select_related("workspace", "user").get(workspace=demo, role=Role.VIEWER)
    _, token = create_token(membership, scope=Scope.READ, actor=operator())
    headers = {"Authorization": f"Bearer {token}", "x-workspace-id": demo.slug}
    for words, subject in {
        "eleven pieces": "Arrived in pieces",
        "großvater": "Solarlaterne lädt im Winter nicht",
        "alexandrins": "Une lampe pour un balcon, livrée sous un autre nom",
        "Argamasilla": "¡Gigantes en mi jardín!",
        "満月": "竹のランプについて",
    }.items():
        response = Client().get(f"/v1/workspaces/{demo.slug}/tickets", {"search": words}, headers=headers)
        assert response.status_code == 200
        assert subject in [ticket["subject"] for ticket in response.json()], words


def test_replies_were_written_by_the_team_and_read_like_it(demo):
    replies = [step for c in CONVERSATIONS for step in steps_of(c) if isinstance(step, Reply)]
    assert len(replies) == Delivery.objects.filter(workspace=demo).count()
    assert {reply.by for reply in replies} == {Role.AGENT, Role.ADMIN}
