"""A merge undone leaves both tickets exactly as they were: every order in which three tickets can be merged.

Compared is every column of every ticket and the rows beside it. Left out are the version and the moment of the last
change, which only ever go forward, and the events, which are the history of it all. Where a merge reopened its target,
that stays: the customer's open question did not go away.
"""

import itertools

import pytest
from django.db import transaction

from inboxops.tests.factories import MembershipFactory
from tickets.actions import (
    Changes,
    Person,
    append_message,
    archive_ticket,
    create_ticket,
    merge_tickets,
    split_ticket,
    transition_ticket,
    unmerge_ticket,
    update_ticket,
)
from tickets.errors import UnmergeFirst
from tickets.invariants import broken_invariants
from tickets.models import Merge, MergedMessage, Message, Ticket, TicketTag
from tickets.workflow import Status
from workspaces.actions import remove_member

NAMES = "ABC"

# Tags, CCs and requester per ticket: from nothing in common to everything, in several spellings.
WORLDS = {
    "nothing at all": ([], [], []),
    "all different": (["a"], ["b"], ["c"]),
    "all the same": (["x"], ["x"], ["x"]),
    "the same in other spellings": (["Vip"], ["vip"], ["VIP"]),
    "shared by A and B": (["x", "a"], ["b", "x"], ["c"]),
    "shared by A and C": (["x", "a"], ["b"], ["c", "x"]),
    "shared by B and C": (["a"], ["x", "b"], ["c", "x"]),
    "pairwise": (["x", "y"], ["y", "z"], ["z", "x"]),
}
REQUESTERS = {
    "none": (None, None, None),
    "three": ("a@shop.example", "b@shop.example", "c@shop.example"),
    "one": ("x@shop.example", "X@shop.example", "x@shop.example"),
    "one and another": ("x@shop.example", "b@shop.example", "x@shop.example"),
}


def two_merges():
    """Every way to merge twice among three tickets: chains and two into one."""
    for first in itertools.permutations(NAMES, 2):
        left = [name for name in NAMES if name != first[0]]
        for second in itertools.permutations(left, 2):
            yield first, second


TWO_MERGES = [pytest.param(*merges, id=" ".join("->".join(merge) for merge in merges)) for merges in two_merges()]


@pytest.fixture
def assignee(workspace):
    return MembershipFactory(workspace=workspace)


@pytest.fixture
def make_world(workspace, actor, assignee):
    """Three tickets with a question, a reply and a note each, where a requester is given; A pending, C archived."""

    def make(words=WORLDS["pairwise"], requesters=REQUESTERS["three"], statuses=("pending", "open", "open")):
        world = {}
        for name, tags, email, status in zip(NAMES, words, requesters, statuses, strict=True):
            ticket = create_ticket(
                workspace,
                subject=name,
                body=f"{name} asks.",
                requester=None if email is None else Person(email),
                ccs=[f"{tag}@cc.example" for tag in tags],
                tags=tags,
                assignee_id=assignee.user_id,
                actor=actor,
            )
            append_message(ticket, body=f"We answer {name}.", send_email=email is not None, actor=actor)
            append_message(ticket, body=f"We note about {name}.", is_internal=True, actor=actor)
            if status != "open":
                transition_ticket(ticket, to=Status(status), actor=actor)
            world[name] = ticket.pk
        archive_ticket(Ticket.objects.get(pk=world["C"]), actor=actor)
        return world

    return make


def columns():
    """Every ticket with its messages and tags, and the merges that are active, as they are stored."""
    left_out = {"version", "updated_at"}
    tickets = {
        row["subject"]: {name: value for name, value in row.items() if name not in left_out}
        for row in Ticket.objects.values()
    }
    return {
        "tickets": tickets,
        "messages": list(Message.objects.order_by("pk").values()),
        "tags": sorted(TicketTag.objects.values_list("ticket", "key")),
        "merges": sorted(Merge.objects.filter(undone_at=None).values_list("source", "target")),
    }


def without_reopening(state, names):
    """The same, less what stays with a target that a merge reopened."""
    stays = {"status", "closed_at", "archived_at"}
    tickets = {
        name: {column: value for column, value in row.items() if name not in names or column not in stays}
        for name, row in state["tickets"].items()
    }
    return {**state, "tickets": tickets}


def merge(world, source, target, actor):
    merge_tickets(Ticket.objects.get(pk=world[source]), Ticket.objects.get(pk=world[target]), actor=actor)


def unmerge(world, source, actor):
    return unmerge_ticket(Ticket.objects.get(pk=world[source]), actor=actor)


def allowed_orders(first, second):
    """The sources, in every order in which the two merges may be undone: a chain only from its end."""
    backwards = [second[0], first[0]]
    return [backwards] if second[0] == first[1] else [backwards, backwards[::-1]]


@pytest.mark.parametrize(("first", "second"), TWO_MERGES)
def test_two_merges_undone_in_any_allowed_order_leave_nothing_behind(first, second, make_world, actor):
    # Every set of words and every set of requesters, but not each with each: they do not know of each other.
    for words, requesters in zip(WORLDS.values(), itertools.cycle(REQUESTERS.values()), strict=False):
        for order in allowed_orders(first, second):
            with transaction.atomic():
                world = make_world(words, requesters)
                targets = {first[1], second[1]}
                states = [columns()]
                merge(world, *first, actor)
                states.append(columns())
                merge(world, *second, actor)

                unmerge(world, order[0], actor)
                if order[0] == second[0]:
                    assert without_reopening(columns(), targets) == without_reopening(states[1], targets)
                unmerge(world, order[1], actor)
                assert without_reopening(columns(), targets) == without_reopening(states[0], targets)
                assert broken_invariants() == []
                transaction.set_rollback(True)


@pytest.mark.parametrize(("first", "second"), TWO_MERGES)
def test_undoing_one_of_two_merges_leaves_what_the_other_alone_would_have_made(first, second, make_world, actor):
    if second[0] == first[1]:
        # A chain: its first merge alone is what undoing the second leaves, and the only order there is.
        orders = [(second, first)]
    else:
        orders = [(second, first), (first, second)]
    for undone, other in orders:
        for words in (WORLDS["all the same"], WORLDS["the same in other spellings"], WORLDS["pairwise"]):
            seen = []
            for merges in ((first, second), (other,)):
                with transaction.atomic():
                    world = make_world(words)
                    for pair in merges:
                        merge(world, *pair, actor)
                    if len(merges) == 2:
                        unmerge(world, undone[0], actor)
                    names = {pk: name for name, pk in world.items()}
                    seen.append(
                        {
                            names[ticket.pk]: (
                                # Who brought a word first decides its spelling and its place.
                                {tag.lower() for tag in ticket.tags},
                                {cc.lower() for cc in ticket.ccs},
                                names.get(ticket.merged_into_id),
                                sorted(Message.objects.filter(ticket=ticket).values_list("body", flat=True)),
                            )
                            for ticket in Ticket.objects.all()
                        }
                    )
                    transaction.set_rollback(True)
            assert seen[0] == seen[1], f"{undone} undone must leave {other} as if it had been alone."


@pytest.mark.parametrize("source_status", Status.values)
@pytest.mark.parametrize("target_status", Status.values)
def test_status_and_dates_come_back_whatever_they_were(source_status, target_status, make_world, actor):
    world = make_world(statuses=(source_status, target_status, "open"))
    before = columns()
    merge(world, "A", "B", actor)
    unmerge(world, "A", actor)
    reopened = {"B"} if (source_status, target_status) == ("open", "closed") else set()
    assert without_reopening(columns(), reopened) == without_reopening(before, reopened)
    assert Ticket.objects.get(pk=world["B"]).status == ("open" if reopened else target_status)


def test_a_chain_is_undone_from_its_end_only(make_world, actor):
    world = make_world()
    merge(world, "A", "B", actor)
    merge(world, "B", "C", actor)
    before = columns()
    with pytest.raises(UnmergeFirst) as refused:
        unmerge(world, "A", actor)
    assert refused.value.extra["ticketId"] == world["B"]
    assert columns() == before


@pytest.mark.parametrize(("first", "second"), TWO_MERGES)
def test_messages_split_off_in_between_stay_there_and_all_others_go_back(first, second, make_world, actor):
    for author, order in itertools.product([first[0], second[1]], allowed_orders(first, second)):
        with transaction.atomic():
            world = make_world()
            merge(world, *first, actor)
            merge(world, *second, actor)
            leaving = Message.objects.get(body=f"We answer {author}.")
            holder = Ticket.objects.get(pk=leaving.ticket_id)
            new = split_ticket(holder, message_ids=[leaving.pk], new_subject="new", actor=actor).ticket

            stayed = {source: unmerge(world, source, actor).stayed for source in order}

            for message in Message.objects.exclude(pk=leaving.pk):
                assert message.ticket_id == message.origin_ticket_id, f"{message} must be where it was written."
            leaving.refresh_from_db()
            assert leaving.ticket_id == new.pk
            # Every merge that had moved it names it, and no other.
            moved_by = MergedMessage.objects.filter(message=leaving).values_list("merge__source", flat=True)
            assert {world[source] for source, ids in stayed.items() if ids == [leaving.pk]} == set(moved_by)
            assert broken_invariants() == []
            transaction.set_rollback(True)


@pytest.mark.parametrize("return_it", [False, True], ids=["taken off", "taken off and put back"])
@pytest.mark.parametrize(("first", "second"), TWO_MERGES)
def test_what_a_hand_did_to_a_tag_in_between_counts(first, second, return_it, make_world, actor):
    for word, order in itertools.product("xz", allowed_orders(first, second)):
        with transaction.atomic():
            world = make_world()
            before = columns()["tickets"]
            merge(world, *first, actor)
            merge(world, *second, actor)
            root = second[1]
            ticket = Ticket.objects.get(pk=world[root])
            address = f"{word}@cc.example"
            without = Changes(
                tags=[tag for tag in ticket.tags if tag != word], ccs=[cc for cc in ticket.ccs if cc != address]
            )
            update_ticket(ticket, changes=without, actor=actor)
            if return_it:
                back = Changes(tags=[*without.tags, word], ccs=[*without.ccs, address])
                update_ticket(ticket, changes=back, actor=actor)

            for source in order:
                unmerge(world, source, actor)

            after = columns()["tickets"]
            for name in NAMES:
                assert (word in after[name]["tags"]) == (return_it if name == root else word in before[name]["tags"])
                assert (address in after[name]["ccs"]) == (
                    return_it if name == root else address in before[name]["ccs"]
                )
            assert broken_invariants() == []
            transaction.set_rollback(True)


def test_a_tag_taken_off_by_hand_does_not_come_back_with_a_later_merge_undone(make_world, actor):
    world = make_world((["x"], ["x"], []))
    merge(world, "A", "C", actor)
    update_ticket(Ticket.objects.get(pk=world["C"]), changes=Changes(tags=[], ccs=[]), actor=actor)
    before = columns()
    merge(world, "B", "C", actor)
    unmerge(world, "B", actor)
    assert without_reopening(columns(), "C") == without_reopening(before, "C"), (
        "B brought the tag, so it leaves with B: that A has it, too, was overruled by hand."
    )


@pytest.mark.parametrize(("first", "second"), TWO_MERGES)
def test_an_assignee_who_left_in_between_is_not_put_back(first, second, make_world, actor, assignee):
    for order in allowed_orders(first, second):
        with transaction.atomic():
            world = make_world()
            merge(world, *first, actor)
            merge(world, *second, actor)
            remove_member(assignee, actor=actor_of_admin(actor))
            for source in order:
                unmerge(world, source, actor)
            assert not Ticket.objects.exclude(assignee=None).exists()
            assert broken_invariants() == []
            transaction.set_rollback(True)


def actor_of_admin(actor):
    """The same person with an admin's rights."""
    return type(actor)(**{**vars(actor), "access": type(actor.access).ADMIN})
