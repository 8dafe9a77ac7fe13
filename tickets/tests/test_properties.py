"""Long random lives of a few tickets, lived twice: by the actions and by the model in `model.py`.

After every step the two must agree: which message is where, with which files, statuses, pointers, tags, CCs, people,
counts, moments, versions, mails. What the model refuses, the action refuses with the same code, and then not a row has
changed.

A failure prints the steps as a program. Decide by the design which of the two is wrong; the model has no vote.
`HYPOTHESIS_PROFILE=thorough pytest -o faulthandler_timeout=0 tickets/tests/test_properties.py` looks much longer, and
elsewhere each time; `shortest` instead of `thorough` looks for the fewest steps that fail.
"""

import datetime as dt
import os
import uuid

from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from accounts.actors import Door, operator
from inboxops import clock
from inboxops.errors import DomainError
from inboxops.tests.factories import MembershipFactory, WorkspaceFactory
from tickets import actions
from tickets.actions import Changes, Person
from tickets.api.listings import files_of_ticket
from tickets.attachments import store_attachment
from tickets.invariants import broken_invariants
from tickets.models import (
    Attachment,
    Contact,
    Delivery,
    FileUsage,
    Merge,
    MergedMessage,
    Message,
    Ticket,
    TicketCounter,
    TicketEvent,
    TicketTag,
)
from tickets.models.delivery import addresses_of
from tickets.tests import model
from tickets.workflow import Priority, Status
from workspaces.actions import add_member, change_role, remove_member
from workspaces.models import Membership, Role
from workspaces.permissions import member_actor

_COMMON = {
    "deadline": None,
    "database": None,
    "suppress_health_check": list(HealthCheck),
    # Looking for the shortest life that fails takes minutes, more than a test may take before it is ended unreported.
    "phases": [Phase.generate],
}
# The same steps in every run: a failure here is a failure everywhere.
settings.register_profile("repeatable", derandomize=True, max_examples=40, stateful_step_count=30, **_COMMON)
settings.register_profile("thorough", derandomize=False, max_examples=1000, stateful_step_count=50, **_COMMON)
settings.register_profile(
    "shortest", settings.get_profile("repeatable"), max_examples=1000, phases=[Phase.generate, Phase.shrink]
)
PROFILE = settings.get_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))

MOST_TICKETS = 7
START = dt.datetime(2024, 5, 1, 12, tzinfo=dt.UTC)
STORED = (
    Ticket,
    TicketTag,
    Message,
    Merge,
    MergedMessage,
    Delivery,
    Contact,
    TicketEvent,
    TicketCounter,
    Attachment,
    FileUsage,
)

which = st.integers(0, MOST_TICKETS - 1)
# Few and alike, so that they meet: in two spellings, and the requesters' addresses among the CCs.
tags = st.lists(st.sampled_from(["billing", "Billing", "vip", "VIP", "lamp"]), max_size=3)
emails = st.sampled_from(["ann@shop.example", "Ann@Shop.example", "bob@shop.example", "cy@shop.example"])
people = st.none() | st.tuples(emails, st.sampled_from(["", "Ann", "Bob"]))
addresses = st.lists(emails, max_size=3)
subjects = st.sampled_from(["Broken lamp", "Invoice", "Hello"])
statuses = st.sampled_from(Status.values)
priorities = st.sampled_from([priority.label for priority in Priority])
member_numbers = st.integers(0, 2)
assignees = st.none() | member_numbers
authors = st.sampled_from(["agent", "agent", "system"])
# Mostly nobody asks for a version; if so, the right one or one that has passed.
versions = st.sampled_from([None, None, None, None, "present", "passed"])
ride_along = st.fixed_dictionaries({}, optional={"assignee": assignees, "priority": priorities, "tags": tags})
anything = st.fixed_dictionaries(
    {},
    optional={
        "assignee": assignees,
        "priority": priorities,
        "tags": tags,
        "subject": subjects,
        "requester": people,
        "ccs": addresses,
    },
)


class Lives(RuleBasedStateMachine):
    """One workspace with up to seven tickets and three members who come and go."""

    def __init__(self):
        super().__init__()
        self.transaction = transaction.atomic()
        self.transaction.__enter__()

    @initialize()
    def begin(self):
        self.workspace = WorkspaceFactory()
        agent = MembershipFactory(workspace=self.workspace)
        self.actors = {"agent": member_actor(agent, Door.API), "system": operator()}
        self.users = [MembershipFactory(workspace=self.workspace).user for _ in range(3)]
        self.now = START
        self.model = model.Inbox(self.now, [user.pk for user in self.users])
        self.before = self.stored()

    def teardown(self):
        # What no constraint can say, and what constraints say only at commit.
        try:
            if hasattr(self, "workspace"):
                for ticket in self.model.tickets.values():
                    assert listed_files(self.workspace, ticket) == self.model.files_in(ticket)
                assert broken_invariants() == []
                connection.check_constraints()
        finally:
            transaction.set_rollback(True)
            self.transaction.__exit__(None, None, None)

    # Comparing

    def act(self, action, expected):
        """Do it with the actions, then with the model (which is given the answer, for the ids in it)."""
        refused = answer = None
        with clock.at(self.now):
            try:
                answer = action()
            except DomainError as error:
                refused = error
        self.model.now = self.now
        refusal = told = None
        try:
            told = expected(answer)
        except model.Refused as error:
            refusal = error
        if refusal is None:
            assert refused is None, f"This must be done, and was refused as {refused.code}: {refused}"
            return answer, told
        assert refused is not None, f"This must be refused as {refusal}, and was done."
        assert refused.code in refusal.codes, f"This must be refused as {refusal}, not as {refused.code}."
        assert refusal.extra.items() <= refused.extra.items(), (refusal.extra, refused.extra)
        assert self.stored() == self.before, f"A refused action ({refused.code}) must leave every row as it was."
        return None, None

    def stored(self):
        return {kind: list(kind._default_manager.order_by("pk").values()) for kind in STORED}

    @invariant()
    def both_say_the_same(self):
        if not hasattr(self, "workspace"):
            return
        after = self.stored()
        mails = {
            row["message_id"]: tuple(addresses_of(row["recipients"], kind) for kind in ("to", "cc"))
            for row in after[Delivery]
        }
        keys, messages = {}, {}
        for row in after[TicketTag]:
            keys.setdefault(row["ticket_id"], set()).add(row["key"])
        for row in sorted(after[Message], key=lambda row: (row["created_at"], row["id"])):
            messages.setdefault(row["ticket_id"], []).append(row)
        contacts = {row["id"]: row for row in after[Contact]}
        files = {}
        for row in after[Attachment]:
            files.setdefault(row["message_id"], set()).add(row["id"])
        shown = {
            row["id"]: shown_ticket(
                row, contacts, keys.get(row["id"], set()), messages.get(row["id"], []), mails, files
            )
            for row in after[Ticket]
        }
        expected = {ticket.id: expected_ticket(ticket, self.model) for ticket in self.model.tickets.values()}
        for ticket_id in expected:
            assert shown[ticket_id] == expected[ticket_id], f"#{expected[ticket_id]['number']} differs from the model."
        assert shown.keys() == expected.keys()
        assert sorted(row["number"] for row in shown.values()) == list(range(1, len(shown) + 1))
        versions = {row["id"]: row["version"] for row in self.before[Ticket]}
        events = dict.fromkeys(shown, 0)
        for row in after[TicketEvent]:
            events[row["ticket_id"]] += 1
        for row in self.before[TicketEvent]:
            events[row["ticket_id"]] -= 1
        for ticket_id, row in shown.items():
            changed = row["version"] != versions.get(ticket_id)
            assert (events[ticket_id] > 0) == changed, "A change is recorded, and what is recorded was a change."
        self.before = after

    def ticket(self, number):
        ids = list(self.model.tickets)
        return self.model.tickets[ids[number % len(ids)]]

    def version(self, ticket, asked):
        return None if asked is None else ticket.version - (asked == "passed")

    def user_id(self, number):
        return None if number is None else self.users[number].pk

    def with_user(self, changes):
        return {**changes, "assignee": self.user_id(changes["assignee"])} if "assignee" in changes else changes

    def has_tickets(self):
        return hasattr(self, "workspace") and bool(self.model.tickets)

    def has_room(self):
        return hasattr(self, "workspace") and len(self.model.tickets) < MOST_TICKETS

    # The actions

    @rule(seconds=st.integers(-2, 3))
    def time_passes(self, seconds):
        """Also backwards, as from one machine's clock to another's; often it does not seem to pass at all."""
        self.now += dt.timedelta(seconds=seconds)

    @precondition(has_room)
    @rule(
        subject=subjects,
        requester=people,
        ccs=addresses,
        priority=priorities,
        tags=tags,
        assignee=assignees,
        author=authors,
    )
    def create(self, subject, requester, ccs, priority, tags, assignee, author):
        assignee = self.user_id(assignee)
        self.act(
            lambda: actions.create_ticket(
                self.workspace,
                subject=subject,
                body="Hello.",
                requester=person(requester),
                ccs=ccs,
                priority=Priority.named(priority),
                tags=tags,
                assignee_id=assignee,
                actor=self.actors[author],
            ),
            lambda ticket: self.model.create(
                (id_of(ticket), id_of(Message.objects.filter(ticket=ticket).first())),
                subject=subject,
                requester=requester,
                ccs=ccs,
                priority=priority,
                tags=tags,
                assignee=assignee,
                author=author,
            ),
        )

    @precondition(has_tickets)
    @rule(which=which, author=authors, is_internal=st.booleans(), version=versions)
    def say(self, which, author, is_internal, version):
        self.append(which, version, author=author, is_internal=is_internal)

    @precondition(has_tickets)
    @rule(which=which, to_status=st.none() | statuses)
    def the_customer_says(self, which, to_status):
        self.append(which, None, author="agent", as_requester=True, to_status=to_status)

    @precondition(has_tickets)
    @rule(
        which=which,
        is_internal=st.booleans(),
        as_requester=st.booleans(),
        send_email=st.booleans(),
        to=st.none() | addresses,
        cc=st.none() | addresses,
        files=st.lists(st.integers(0, 9), max_size=2),
        last_seen=st.none() | st.integers(0, 9),
        to_status=st.none() | statuses,
        changes=ride_along,
    )
    def say_and_do(self, which, files, last_seen, changes, **options):
        messages = self.ticket(which).messages
        sent = list(self.model.files)
        options["files"] = [sent[number % len(sent)] for number in files if sent]
        if last_seen is not None:
            # The number beyond the last is a message of nobody.
            ids = [*(message.id for message in messages), uuid.UUID(int=0)]
            last_seen = ids[last_seen % len(ids)]
        self.append(which, None, author="agent", last_seen=last_seen, changes=self.with_user(changes), **options)

    def append(self, which, version, *, changes=None, **options):
        ticket = self.ticket(which)
        version = self.version(ticket, version)
        to_status = options.get("to_status")
        self.act(
            lambda: actions.append_message(
                row(ticket),
                body="As I said.",
                is_internal=options.get("is_internal", False),
                as_requester=options.get("as_requester", False),
                send_email=options.get("send_email", False),
                to_addresses=options.get("to"),
                cc_addresses=options.get("cc"),
                attachment_ids=options.get("files", ()),
                last_seen_message_id=options.get("last_seen"),
                to_status=None if to_status is None else Status(to_status),
                changes=as_changes(changes or {}),
                actor=self.actors[options["author"]],
                if_version=version,
            ),
            lambda message: self.model.append(ticket.id, id_of(message), version=version, changes=changes, **options),
        )

    @precondition(has_tickets)
    @rule(which=which)
    def a_file_arrives(self, which):
        """As it is once confirmed, without the store."""
        ticket = self.ticket(which)
        if ticket.merged_into is None:
            file = Attachment(
                workspace=self.workspace, ticket_id=ticket.id, filename="a.txt", size=1, key=str(uuid.uuid4())
            )
            file.created_at = file.confirmed_at = self.now
            store_attachment(file)
            self.model.files[file.pk] = ticket.id

    @precondition(has_tickets)
    @rule(which=which, changes=anything, version=versions)
    def update(self, which, changes, version):
        ticket, changes = self.ticket(which), self.with_user(changes)
        version = self.version(ticket, version)
        self.act(
            lambda: actions.update_ticket(
                row(ticket), changes=as_changes(changes), actor=self.actors["agent"], if_version=version
            ),
            lambda _: self.model.update(ticket.id, changes, version),
        )

    @precondition(has_tickets)
    @rule(which=which, tags=tags, ccs=addresses)
    def tag_by_hand(self, which, tags, ccs):
        self.update(which=which, changes={"tags": tags, "ccs": ccs}, version=None)

    @precondition(has_tickets)
    @rule(which=which, to=statuses, version=versions)
    def transition(self, which, to, version):
        ticket = self.ticket(which)
        version = self.version(ticket, version)
        self.act(
            lambda: actions.transition_ticket(
                row(ticket), to=Status(to), actor=self.actors["agent"], if_version=version
            ),
            lambda _: self.model.transition(ticket.id, to, version),
        )

    @precondition(has_tickets)
    @rule(which=which, archived=st.booleans(), version=versions)
    def archive(self, which, archived, version):
        ticket = self.ticket(which)
        version = self.version(ticket, version)
        action = actions.archive_ticket if archived else actions.unarchive_ticket
        self.act(
            lambda: action(row(ticket), actor=self.actors["agent"], if_version=version),
            lambda _: self.model.archive(ticket.id, archived, version),
        )

    @precondition(has_tickets)
    @rule(source=which, into=which, version=versions)
    def merge(self, source, into, version):
        source, target = self.ticket(source), self.ticket(into)
        version = self.version(source, version)
        self.act(
            lambda: actions.merge_tickets(row(source), row(target), actor=self.actors["agent"], if_version=version),
            lambda merge: self.model.merge(source.id, target.id, id_of(merge), version),
        )

    @precondition(has_tickets)
    @rule(source=which, version=versions)
    def unmerge(self, source, version):
        source = self.ticket(source)
        version = self.version(source, version)
        undone, expected = self.act(
            lambda: actions.unmerge_ticket(row(source), actor=self.actors["agent"], if_version=version),
            lambda _: self.model.unmerge(source.id, version),
        )
        if undone:
            assert (undone.moved_count, set(undone.stayed)) == expected

    @precondition(lambda self: self.has_tickets() and self.has_room())
    @rule(
        which=which,
        chosen=st.sets(st.integers(0, 5), max_size=3),
        stranger=st.sampled_from([False] * 5 + [True]),
        subject=st.none() | subjects,
        version=versions,
    )
    def split(self, which, chosen, stranger, subject, version):
        ticket = self.ticket(which)
        version = self.version(ticket, version)
        ids = [message.id for number, message in enumerate(ticket.messages) if number in chosen]
        ids += [uuid.UUID(int=0)] if stranger else []
        self.act(
            lambda: actions.split_ticket(
                row(ticket), message_ids=ids, new_subject=subject, actor=self.actors["agent"], if_version=version
            ),
            lambda split: self.model.split(ticket.id, id_of(split and split.ticket), ids, subject, version),
        )

    @precondition(has_tickets)
    @rule(member=member_numbers, how=st.sampled_from(["removed", "viewer", "back"]))
    def a_member_leaves_or_returns(self, member, how):
        user = self.users[member]
        membership = Membership.objects.filter(workspace=self.workspace, user=user).first()
        with clock.at(self.now):
            if how == "back" and membership is None:
                add_member(self.workspace, user=user, role=Role.AGENT, actor=operator())
            elif how == "back":
                change_role(membership, role=Role.AGENT, actor=operator())
            elif how == "viewer" and membership:
                change_role(membership, role=Role.VIEWER, actor=operator())
            elif how == "removed" and membership:
                remove_member(membership, actor=operator())
        self.model.now = self.now
        if how == "back":
            self.model.start_working(user.pk)
        elif user.pk in self.model.workers:
            self.model.stop_working(user.pk)


def id_of(made):
    """Its id; of something that was refused, one that is younger than all others."""
    return made.pk if made else uuid.UUID(int=2**128 - 1)


def row(ticket):
    """As a view would have read it: without a lock, perhaps some time ago."""
    return Ticket.objects.get(pk=ticket.id)


def person(pair):
    return None if pair is None else Person(*pair)


def as_changes(changes):
    given = {name: changes[name] for name in ("tags", "subject", "ccs") if name in changes}
    if "assignee" in changes:
        given["assignee_id"] = changes["assignee"]
    if "priority" in changes:
        given["priority"] = Priority.named(changes["priority"])
    if "requester" in changes:
        given["requester"] = person(changes["requester"])
    return Changes(**given)


def shown_ticket(ticket, contacts, keys, messages, mails, files):
    """What there is to compare of a stored ticket."""
    requester = contacts.get(ticket["requester_id"])
    return {
        "number": ticket["number"],
        "subject": ticket["subject"],
        "status": ticket["status"],
        "closed_at": ticket["closed_at"],
        "archived_at": ticket["archived_at"],
        "priority": Priority(ticket["priority"]).label,
        "assignee": ticket["assignee_id"],
        "requester": requester and (requester["email"], requester["name"]),
        "tags": ticket["tags"],
        "tag_keys": keys,
        "ccs": ticket["ccs"],
        "merged_into": ticket["merged_into_id"],
        "split_from": ticket["split_from_id"],
        "messages": [
            (
                message["id"],
                message["origin_ticket_id"],
                message["author_kind"],
                message["is_internal"],
                message["created_at"],
                mails.get(message["id"]),
                files.get(message["id"], set()),
            )
            for message in messages
        ],
        "message_count": ticket["message_count"],
        "last_message_at": ticket["last_message_at"],
        "first_replied_at": ticket["first_replied_at"],
        "created_at": ticket["created_at"],
        "updated_at": ticket["updated_at"],
        "version": ticket["version"],
    }


def listed_files(workspace, ticket):
    """As the API lists them."""
    return set(files_of_ticket({"workspace": workspace.pk, "ticket": ticket.id}).values_list("pk", flat=True))


def expected_ticket(ticket, inbox):
    """The same of a ticket in the model."""
    requester = inbox.contacts.get(ticket.requester)
    return {
        "number": ticket.number,
        "subject": ticket.subject,
        "status": ticket.status,
        "closed_at": ticket.closed_at,
        "archived_at": ticket.archived_at,
        "priority": ticket.priority,
        "assignee": ticket.assignee,
        "requester": requester and (requester.email, requester.name),
        "tags": ticket.tags.shown(),
        "tag_keys": set(ticket.tags),
        "ccs": ticket.ccs.shown(),
        "merged_into": ticket.merged_into,
        "split_from": ticket.split_from,
        "messages": [
            (message.id, message.origin, message.author, message.is_internal, message.at, message.mailed, message.files)
            for message in ticket.messages
        ],
        "message_count": len(ticket.messages),
        "last_message_at": ticket.last_message_at,
        "first_replied_at": ticket.first_replied_at,
        "created_at": ticket.created_at,
        "updated_at": ticket.updated_at,
        "version": ticket.version,
    }


def test_every_life_of_a_few_tickets_is_the_one_that_the_design_describes(db):
    run_state_machine_as_test(Lives, settings=PROFILE)
