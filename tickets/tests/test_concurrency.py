"""What holds when many do things to the same tickets at once: on PostgreSQL, with real threads, through the API.

Every race is run again and again, since one run proves little; what must hold is checked afterwards in the database,
by `broken_invariants` and by undoing everything. Each test was seen to fail without the lock or constraint it is about.
"""

import random
import threading
from collections import Counter
from functools import partial

import pytest
from django.db import transaction

from accounts.actors import operator
from inboxops.db import in_transaction
from inboxops.errors import DomainError, Unavailable
from inboxops.tests.factories import MembershipFactory, TicketFactory, WorkspaceFactory
from inboxops.tests.parallel import at_once, attempts_at_once, separate
from tickets import actions, search
from tickets.actions import Person
from tickets.actions.editing import lock_tickets
from tickets.errors import UnmergeFirst
from tickets.invariants import broken_invariants
from tickets.models import Contact, Merge, Message, Ticket, TicketCounter, TicketTag
from tickets.workflow import ACTIVE, Status
from workspaces.actions import add_member, change_role, create_mailbox, remove_member, update_mailbox
from workspaces.mailboxes import MailboxChanges
from workspaces.models import Mailbox, Membership, Role

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _no_rate_limit(settings):
    settings.RATE_LIMIT = None


def codes(responses):
    """How often each status, with the code of a refusal, was answered."""
    return Counter(
        response.status_code if response.status_code < 400 else (response.status_code, response.json()["code"])
        for response in responses
    )


# Numbers


class _Unlucky(Unavailable):
    code = "unlucky"


def test_a_thousand_creations_at_once_are_numbered_without_gap_or_repeat(api, outsider_api, monkeypatch):
    threads, each = 16, 63
    index_new_ticket = search.index_new_ticket

    def fail_sometimes(ticket, message):
        # After the number was taken, which is the last thing that happens: nothing may be left of it.
        if ticket.subject == "unlucky":
            raise _Unlucky
        index_new_ticket(ticket, message)

    monkeypatch.setattr(search, "index_new_ticket", fail_sometimes)

    def create(api, thread):
        mine, responses = separate(api), []
        for i in range(each):
            subject = "unlucky" if (i + thread) % 10 == 0 else "lucky"
            responses.append(mine.post("tickets", {"subject": subject, "body": "Hello.", "tags": ["x"]}))
        return responses

    workspaces = [api, outsider_api]
    answers = at_once([partial(create, workspaces[n % 2], n) for n in range(threads)], timeout=110)

    for number, caller in enumerate(workspaces):
        responses = [response for batch in answers[number::2] for response in batch]
        assert set(codes(responses)) == {201, (503, "unlucky")}
        answered = [response.json()["ticketNumber"] for response in responses if response.status_code == 201]
        assert sorted(answered) == list(range(1, len(answered) + 1))
        tickets = Ticket.objects.in_workspace(caller.workspace.pk)
        assert sorted(tickets.values_list("number", flat=True)) == sorted(answered)
        assert TicketCounter.objects.get(workspace=caller.workspace).last_number == len(answered)
    assert broken_invariants() == []


# Merging


def test_two_tickets_merged_into_each_other_at_once_become_one(api, workspace):
    for _ in range(40):
        one, other = TicketFactory(workspace=workspace), TicketFactory(workspace=workspace)
        responses = at_once(
            [
                partial(separate(api).post, f"tickets/{one.pk}/merge", {"targetTicketId": str(other.pk)}),
                partial(separate(api).post, f"tickets/{other.pk}/merge", {"targetTicketId": str(one.pk)}),
            ]
        )
        assert codes(responses) == {200: 1, (409, "target_merged"): 1}
        winner, loser = sorted(responses, key=lambda response: response.status_code)
        assert loser.json()["mergedIntoId"] == winner.json()["id"], "The refusal names the ticket that carries on."
        assert Ticket.objects.filter(pk__in=[one.pk, other.pk], merged_into=None).count() == 1
    assert broken_invariants() == []


def test_a_ring_of_tickets_merged_at_once_never_closes(api, workspace):
    for _ in range(20):
        ring = [TicketFactory(workspace=workspace) for _ in range(4)]
        responses = at_once(
            [
                partial(separate(api).post, f"tickets/{one.pk}/merge", {"targetTicketId": str(next_.pk)})
                for one, next_ in zip(ring, ring[1:] + ring[:1], strict=True)
            ]
        )
        answers = codes(responses)
        assert set(answers) == {200, (409, "target_merged")}
        roots = Ticket.objects.filter(pk__in=[ticket.pk for ticket in ring], merged_into=None)
        assert roots.count() == 4 - answers[200]
        assert sum(roots.values_list("message_count", flat=True)) == 4
    assert broken_invariants() == []


def test_a_ticket_merged_twice_and_unmerged_twice_at_once_is_so_once(api, workspace):
    source, target = TicketFactory(workspace=workspace), TicketFactory(workspace=workspace)
    for _ in range(30):
        merge = partial(api.post, f"tickets/{source.pk}/merge", {"targetTicketId": str(target.pk)})
        merges = at_once([partial(separate(api).post, *merge.args) for _ in range(4)])
        assert codes(merges) == {200: 4}, "A repeated merge is the same merge."
        assert len({response.json()["merge"]["id"] for response in merges}) == 1
        undone = at_once([partial(separate(api).post, f"tickets/{source.pk}/unmerge") for _ in range(4)])
        assert codes(undone) == {200: 1, (409, "not_merged"): 3}
    assert broken_invariants() == []


def test_a_storm_of_everything_on_three_tickets_loses_nothing(api, workspace, agent, contact):
    """Eight callers at random; then every merge is undone, and every message is where it was written or split to."""
    threads, steps = 8, 40
    others = [MembershipFactory(workspace=workspace) for _ in range(2)]
    assignees = [str(member.user_id) for member in [agent, *others]]
    written, split_off = set(), set()
    for seed in range(3):
        tickets = [TicketFactory(workspace=workspace, requester=contact, tags=["x"]) for _ in range(3)]
        ids = [str(ticket.pk) for ticket in tickets]
        stormers = [partial(_storm, separate(api), ids, assignees, f"{seed}/{n}", steps) for n in range(threads)]
        outcomes = at_once(stormers, timeout=110)
        seen = Counter()
        for responses, messages, split in outcomes:
            seen += responses
            written |= messages
            split_off |= split
        surprising = {answer: count for answer, count in seen.items() if answer not in _EXPECTED}
        assert not surprising, f"Only these refusals are known to make sense here: {_EXPECTED}."
        assert {200, 201} <= seen.keys(), "A storm in which nothing succeeds proves nothing."
        assert broken_invariants() == []
    first = set(Message.objects.filter(body="Where is my order?").values_list("pk", flat=True))
    assert {str(pk) for pk in Message.objects.values_list("pk", flat=True)} == written | {str(pk) for pk in first}

    _undo_every_merge(workspace)
    for message in Message.objects.all():
        if str(message.pk) not in split_off:
            assert message.ticket_id == message.origin_ticket_id, f"{message} must be where it was written."
    assert broken_invariants() == []


_EXPECTED = {
    200,
    201,
    (409, "ticket_merged"),
    (409, "already_merged"),
    (409, "target_merged"),
    (409, "not_merged"),
    (409, "unmerge_first"),
    (409, "merge_into_itself"),
    (409, "transition_not_allowed"),
    (409, "split_would_empty"),
    (400, "invalid"),
}


def _storm(api, ids, assignees, seed, steps):
    """Random calls; answers how often which answer came, and which messages were written and split off."""
    chance = random.Random(seed)
    answers, written, split_off = Counter(), set(), set()
    for _ in range(steps):
        ticket, other = chance.choice(ids), chance.choice(ids)
        path = f"tickets/{ticket}"
        what = chance.choice(
            ["merge", "merge", "unmerge", "unmerge", "say", "say", "split", "archive", "move", "patch"]
        )
        if what == "merge":
            response = api.post(f"{path}/merge", {"targetTicketId": other})
        elif what == "unmerge":
            response = api.post(f"{path}/unmerge")
        elif what == "say":
            options = chance.choice([{}, {"isInternal": True}, {"asRequester": True}, {"sendEmail": True}])
            response = api.post(f"{path}/messages", {"body": "And another thing.", **options})
            if response.status_code == 201:
                written.add(response.json()["id"])
        elif what == "split":
            messages = [message["id"] for message in api.get(f"{path}/messages").json()]
            named = chance.sample(messages, min(len(messages), 1))
            if not named:
                continue
            response = api.post(f"{path}/split", {"messageIds": named})
            if response.status_code == 201:
                split_off |= set(named)
        elif what == "archive":
            response = api.post(f"{path}/{chance.choice(['archive', 'unarchive'])}")
        elif what == "move":
            response = api.post(f"{path}/status", {"toStatus": chance.choice(Status.values)})
        else:
            changes = {
                "tags": chance.sample(["x", "y", "z"], 2),
                "ccs": chance.sample(["a@cc.example", "b@cc.example"], 1),
                "assigneeId": chance.choice([*assignees, None]),
                "priority": chance.choice(["low", "urgent"]),
                "requester": {"email": "carla@customer.example", "name": chance.choice(["Carla", "C. Customer"])},
            }
            name = chance.choice(list(changes))
            response = api.patch(path, {name: changes[name]})
        answers += codes([response])
    return answers, written, split_off


def _undo_every_merge(workspace):
    while merge := Merge.objects.filter(workspace=workspace, undone_at=None).select_related("source").first():
        try:
            actions.unmerge_ticket(merge.source, actor=operator())
        except UnmergeFirst as refusal:
            actions.unmerge_ticket(Ticket.objects.get(pk=refusal.extra["ticketId"]), actor=operator())


def test_messages_written_while_a_ticket_is_merged_land_in_one_of_the_two(api, workspace, contact):
    for _ in range(20):
        source = TicketFactory(workspace=workspace, requester=contact)
        target = TicketFactory(workspace=workspace, requester=contact)
        say = partial(separate(api).post, f"tickets/{source.pk}/messages")
        merged, *said = at_once(
            [
                partial(separate(api).post, f"tickets/{source.pk}/merge", {"targetTicketId": str(target.pk)}),
                *(partial(separate(api).post, *say.args, {"body": "Me, too."}) for _ in range(4)),
            ]
        )
        assert merged.status_code == 200
        assert set(codes(said)) <= {201, (409, "ticket_merged")}
        source.refresh_from_db()
        target.refresh_from_db()
        assert (source.message_count, target.message_count) == (0, 2 + codes(said)[201])
    assert broken_invariants() == []


# Safe retries and lost updates


def test_the_victim_of_a_deadlock_is_tried_again_before_anyone_hears_of_it(workspace):
    one, other = TicketFactory(workspace=workspace), TicketFactory(workspace=workspace)
    both_hold_one = threading.Barrier(2)
    tries = Counter()

    @in_transaction
    def lock_both(first, second):
        tries[first.pk] += 1
        lock_tickets(workspace.pk, [first.pk])
        if tries[first.pk] == 1:
            both_hold_one.wait(20)
        lock_tickets(workspace.pk, [second.pk])
        return "done"

    assert at_once([partial(lock_both, one, other), partial(lock_both, other, one)]) == ["done", "done"]
    assert tries.total() > 2, "Nobody was the victim: without a deadlock this proves nothing."


def test_fifty_equal_requests_with_one_idempotency_key_make_one_ticket(api, workspace):
    for key in ("one", "two", "three"):
        before = Ticket.objects.count()
        post = [
            partial(
                separate(api).post,
                "tickets",
                {"subject": "Once", "body": "Only once, please."},
                headers={"Idempotency-Key": key},
            )
            for _ in range(50)
        ]
        responses = at_once(post)
        assert Ticket.objects.count() == before + 1
        made = [response for response in responses if response.status_code == 201]
        assert len({response.content for response in made}) == 1
        assert len({response["ETag"] for response in made}) == 1
        assert sum("Idempotency-Replayed" not in response for response in made) == 1
        for response in responses:
            if response.status_code != 201:
                assert response.status_code == 409
                assert int(response["Retry-After"]) > 0
    assert broken_invariants() == []


def test_of_twenty_changes_to_one_version_one_is_made(api, ticket):
    for _ in range(10):
        etag = api.get(f"tickets/{ticket.pk}")["ETag"]
        version = Ticket.objects.get(pk=ticket.pk).version
        responses = at_once(
            [
                partial(
                    separate(api).patch,
                    f"tickets/{ticket.pk}",
                    {"subject": f"Version {version}, by {number}"},
                    headers={"If-Match": etag},
                )
                for number in range(20)
            ]
        )
        assert codes(responses) == {200: 1, (412, "version_mismatch"): 19}
        assert Ticket.objects.get(pk=ticket.pk).version == version + 1


# People


def test_nobody_who_is_being_removed_is_left_with_an_active_ticket(api, workspace):
    tickets = [TicketFactory(workspace=workspace) for _ in range(4)]
    for _ in range(25):
        leaving = MembershipFactory(workspace=workspace)
        removed, *assigned = at_once(
            [
                partial(remove_member, leaving, actor=operator()),
                *(
                    partial(separate(api).patch, f"tickets/{ticket.pk}", {"assigneeId": str(leaving.user_id)})
                    for ticket in tickets
                ),
                partial(
                    separate(api).post,
                    "tickets",
                    {"subject": "New", "body": "For whom?", "assigneeId": str(leaving.user_id)},
                ),
            ]
        )
        assert removed is None
        assert set(codes(assigned)) <= {200, 201, (400, "not_assignable")}
        assert not Ticket.objects.filter(assignee=leaving.user_id, status__in=ACTIVE).exists()
    assert broken_invariants() == []


def test_nobody_who_is_being_removed_gets_a_ticket_back_by_its_reopening(api, workspace, contact):
    for _ in range(25):
        leaving = MembershipFactory(workspace=workspace)
        tickets = [TicketFactory(workspace=workspace, requester=contact, assignee_id=leaving.user_id) for _ in range(4)]
        for ticket in tickets:
            actions.transition_ticket(ticket, to=Status.CLOSED, actor=operator())
        _, *answers = at_once(
            [
                partial(change_role, leaving, role=Role.VIEWER, actor=operator()),
                partial(separate(api).post, f"tickets/{tickets[0].pk}/status", {"toStatus": "open"}),
                partial(separate(api).post, f"tickets/{tickets[1].pk}/messages", {"body": "Hi.", "asRequester": True}),
                partial(separate(api).post, f"tickets/{tickets[2].pk}/status", {"toStatus": "open"}),
            ]
        )
        assert set(codes(answers)) == {200, 201}
        assert broken_invariants() == []


def test_two_admins_who_demote_each_other_at_once_leave_one(workspace, api_of):
    for _ in range(25):
        one, other = (MembershipFactory(workspace=workspace, role=Role.ADMIN) for _ in range(2))
        ways = [partial(separate(api_of(one)).patch, f"members/{other.user_id}", {"role": "viewer"})]
        ways += [partial(separate(api_of(other)).delete, f"members/{one.user_id}")]
        responses = at_once(ways)
        assert sum(response.status_code < 300 for response in responses) == 1
        # Whoever comes second is told so, or has no right to ask any more.
        assert {response.status_code for response in responses} <= {200, 204, 401, 403, 404, 409}
        assert Membership.objects.filter(workspace=workspace, role=Role.ADMIN).count() == 1
        last = Membership.objects.get(workspace=workspace, role=Role.ADMIN)
        add_member(workspace, user=MembershipFactory().user, role=Role.ADMIN, actor=operator())
        remove_member(last, actor=operator())
        Membership.objects.filter(workspace=workspace).delete()


def test_the_first_mails_of_one_customer_at_once_make_one_contact(api, workspace):
    for number in range(20):
        email = f"new{number}@customer.example"
        spellings = [email, email.upper(), email.title()]
        body = {"subject": "Hello", "body": "It is me.", "tags": ["new", f"new {number}"]}
        responses = at_once(
            [
                partial(separate(api).post, "tickets", {**body, "requester": {"email": spellings[n % 3], "name": "N"}})
                for n in range(8)
            ]
        )
        assert codes(responses) == {201: 8}
        contact = Contact.objects.get(workspace=workspace, email_key=email)
        assert Ticket.objects.filter(requester=contact).count() == 8
    assert broken_invariants() == []


def test_one_customer_renamed_from_many_tickets_at_once(api, workspace):
    """Each change locks its own ticket and then all of the customer's: a deadlock, which nobody may ever see."""
    person = {"email": "carla@customer.example"}
    tickets = [TicketFactory(workspace=workspace, requester=Person(**person)) for _ in range(6)]
    for round_ in range(6):
        responses = at_once(
            [
                partial(
                    separate(api).patch,
                    f"tickets/{ticket.pk}",
                    {"requester": {**person, "name": f"Carla {round_}.{number}"}},
                )
                for number, ticket in enumerate(tickets)
            ]
        )
        assert codes(responses) == {200: 6}
    assert broken_invariants() == []


def test_the_same_tags_given_at_once_are_one_row_each(api, ticket):
    for number in range(20):
        tags = [f"tag {number}", "always"]
        responses = at_once([partial(separate(api).patch, f"tickets/{ticket.pk}", {"tags": tags}) for _ in range(8)])
        assert codes(responses) == {200: 8}
        keys = TicketTag.objects.filter(ticket=ticket).values_list("key", flat=True)
        assert sorted(keys) == sorted(tags)
    assert broken_invariants() == []


def test_first_mailboxes_made_at_once_leave_one_default(db):
    for _ in range(15):
        workspace = WorkspaceFactory()
        made = attempts_at_once(
            [
                partial(create_mailbox, workspace, address=f"help{n % 3}@acme.example", actor=operator())
                for n in range(6)
            ]
        )
        assert sum(isinstance(result, Mailbox) for result in made) == 3
        assert sum(isinstance(result, DomainError) for result in made) == 3
        assert Mailbox.objects.filter(workspace=workspace, is_default=True).count() == 1


def test_mailboxes_made_the_default_at_once_leave_one(workspace):
    mailboxes = [create_mailbox(workspace, address=f"m{n}@acme.example", actor=operator()) for n in range(6)]
    changes = MailboxChanges(is_default=True)
    for _ in range(15):
        made = attempts_at_once([partial(update_mailbox, box, changes=changes, actor=operator()) for box in mailboxes])
        assert all(isinstance(result, Mailbox) for result in made), made
        assert Mailbox.objects.filter(workspace=workspace, is_default=True).count() == 1


def test_a_refused_rule_at_commit_is_never_half_a_merge(workspace):
    """The pointer rule is checked at commit: what breaks it takes its whole transaction along."""
    one, two, three = (TicketFactory(workspace=workspace) for _ in range(3))
    actions.merge_tickets(one, two, actor=operator())
    with pytest.raises(Exception, match="tickets_ticket_merged_into_root"), transaction.atomic():
        Ticket.objects.filter(pk=two.pk).update(
            merged_into=three, status=Status.CLOSED, closed_at=two.created_at, subject="Half a merge"
        )
    assert Ticket.objects.get(pk=two.pk).subject != "Half a merge"
