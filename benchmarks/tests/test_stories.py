"""What the loader makes, without a database. `test_commands` holds it against the rules of the real one."""

import uuid

import pytest

from benchmarks.desks import Desk, Member, plans_for
from benchmarks.load import Slice
from benchmarks.stories import LONG_TICKET_MESSAGES, RARE_TICKETS
from benchmarks.words import RARE_WORD
from tickets.models import Message, Ticket, TicketEvent


def a_desk(plan):
    members = [Member(uuid.UUID(int=n), f"member{n}@team.example") for n in range(1, 4)]
    return Desk(
        plan.number,
        uuid.UUID(int=100 + plan.number),
        plan.slug,
        plan.tickets,
        members,
        uuid.uuid4(),
        "",
        uuid.UUID(int=9),
    )


@pytest.fixture(scope="module")
def desks():
    return [a_desk(plan) for plan in plans_for(200)]


@pytest.fixture(scope="module")
def made(desks):
    return stories(desks)


def stories(desks, seed=1):
    return [story for number in range(2) for story in Slice(seed, number, 2, desks).stories()]


@pytest.mark.parametrize("tickets", [100, 101, 777, 123_456])
def test_half_of_all_tickets_are_in_one_workspace(tickets):
    big, *small = plans_for(tickets)

    assert big.tickets == (tickets + 1) // 2
    assert big.tickets + sum(plan.tickets for plan in small) == tickets
    assert max(plan.tickets for plan in small) - min(plan.tickets for plan in small) <= 1


def test_a_million_tickets_have_a_thousand_small_workspaces():
    assert len(plans_for(1_000_000)) == 1_001


def test_the_same_seed_makes_the_same_rows(desks, made):
    def rows(told):
        return [
            (row.pk, row.created_at)
            for story in told
            for model in (Ticket, Message, TicketEvent)
            for row in story.rows[model]
        ]

    assert rows(stories(desks)) == rows(made)
    assert rows(stories(desks, seed=2)) != rows(made)


def test_numbers_run_without_gaps_in_every_workspace(desks, made):
    for desk in desks:
        mine = [story.ticket.number for story in made if story.desk is desk]
        assert mine == [*range(1, desk.tickets + 1)]


def test_one_ticket_is_long_and_ten_hold_the_rare_word(made):
    lengths = [story.ticket.message_count for story in made]
    assert sorted(set(lengths)) == [5, LONG_TICKET_MESSAGES]
    assert lengths.count(LONG_TICKET_MESSAGES) == 1
    assert sum(RARE_WORD in story.rows[Message][0].body for story in made) == RARE_TICKETS


def test_ids_of_a_ticket_are_in_the_order_of_its_rows(made):
    for story in made:
        ids = [message.pk for message in story.rows[Message]]
        assert ids == sorted(ids)
