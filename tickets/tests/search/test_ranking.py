"""Order, pages and plans of the answers."""

import json
import time
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inboxops.api.pagination import COUNT_CAP, Asked, Count
from tickets import search
from tickets.api.listings import TICKETS
from tickets.models import Message, Ticket
from tickets.search import document
from tickets.search.query import parse
from tickets.search.sqlite import match


@pytest.fixture
def best(workspace):
    """The numbers of the tickets found, best first."""

    def numbers(text, tickets=None):
        found = search.best_first(Ticket.objects.all() if tickets is None else tickets, workspace.id, text)
        return [ticket.number for ticket in found]

    return numbers


def test_the_subject_weighs_more_than_a_message(make_ticket, best):
    make_ticket("something else", subject="Refund wanted", number=1)
    make_ticket("I want a refund", subject="Something else", number=2)
    assert best("refund") == [1, 2]


def test_a_tag_weighs_more_than_a_message(make_ticket, best):
    make_ticket("something", tags=["refund"], number=1)
    make_ticket("a refund", number=2)
    assert best("refund") == [1, 2]


def test_the_ticket_with_the_number_comes_before_those_that_mention_it(make_ticket, best):
    make_ticket("first", number=55)
    make_ticket("see 55 and 55", number=56)
    assert best("#55") == best("55") == [55, 56]


def test_more_mentions_are_better(make_ticket, best):
    make_ticket("refund refund refund and some more words", number=1)
    make_ticket("refund words words words and some more words", number=2)
    assert best("refund") == [1, 2]


def test_equals_stand_newest_first(make_ticket, best):
    for number in (1, 2, 3):
        make_ticket("refund please", number=number)
    assert best("refund") == best("-nothing") == [3, 2, 1]


def test_only_the_newest_matches_are_ranked_and_older_ones_follow_by_date(make_ticket, best, monkeypatch):
    monkeypatch.setattr(search, "RANKED", 2)
    make_ticket("old", subject="refund", number=1)
    make_ticket("older than the ranked refund", number=2)
    make_ticket("rather good", subject="refund", number=3)
    make_ticket("the newest but only a refund in a text", number=4)
    assert best("refund") == [3, 4, 2, 1]


def test_the_candidates_are_the_newest_of_the_tickets_asked_for(make_ticket, best, monkeypatch):
    monkeypatch.setattr(search, "RANKED", 2)
    make_ticket("rather good", subject="refund", number=1)
    make_ticket("only a refund in a text", number=2)
    for number in (3, 4):
        make_ticket("refund", number=number)
    assert best("refund", Ticket.objects.filter(number__lt=3)) == [1, 2]


def test_the_answers_can_be_filtered_counted_and_cut_into_pages(make_ticket, workspace):
    for number in range(1, 11):
        make_ticket("refund " * (number % 3 + 1), number=number)
    make_ticket("other", number=11)
    for find in (search.matching, search.best_first):
        found = find(Ticket.objects.all(), workspace.id, "refund")
        assert found.count() == 10
        assert found.filter(number__lte=4).count() == len(found.filter(number__lte=4)) == 4
        assert found.exists()
        assert len(found.only("id", "number")[:3]) == 3
        pages = [ticket.number for start in range(0, 12, 3) for ticket in found[start : start + 3]]
        assert pages == [ticket.number for ticket in found] or find is search.matching
        assert sorted(pages) == list(range(1, 11)) or find is search.matching
        assert sorted(found.values_list("number", flat=True)) == list(range(1, 11))
    by_number = search.matching(Ticket.objects.all(), workspace.id, "refund").order_by("-number")
    assert [ticket.number for ticket in by_number[:2]] == [10, 9]


def test_a_search_for_nothing_counts_and_orders_like_any_other(make_ticket, workspace):
    make_ticket("refund")
    for find in (search.matching, search.best_first):
        found = find(Ticket.objects.all(), workspace.id, "!!!")
        assert list(found.order_by("number")[:3]) == []
        assert found.count() == 0


def test_a_search_within_a_search(make_ticket, workspace):
    make_ticket("refund lamp", number=1)
    make_ticket("refund", number=2)
    inner = search.matching(Ticket.objects.all(), workspace.id, "lamp")
    assert [t.number for t in search.best_first(inner, workspace.id, "refund")] == [1]
    assert [t.number for t in Ticket.objects.filter(id__in=inner.values("id"))] == [1]


def test_one_page_is_one_statement(make_ticket, workspace, django_assert_num_queries):
    make_ticket("refund")
    with django_assert_num_queries(1):
        list(search.best_first(Ticket.objects.all(), workspace.id, "refund")[:10])


@pytest.fixture
def crowd(workspace, other_workspace):
    """A thousand tickets in each of two workspaces; every word is in both."""
    for place in (workspace, other_workspace):
        tickets = [
            Ticket(
                workspace=place, number=number, subject=f"Subject {number % 100}", channel="api",
                last_message_at="2024-01-01T00:00Z", created_at="2024-01-01T00:00Z", updated_at="2024-01-01T00:00Z",
            )
            for number in range(1, 1_001)
        ]  # fmt: skip
        Ticket.objects.bulk_create(tickets)
        for ticket in tickets:
            body = document.body_of([Message(body=f"filler word{ticket.number % 50}x and word{ticket.number % 20}y")])
            search._store().insert(ticket, document.head_of(ticket), body)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # As autovacuum does: a long list of entries waiting to be sorted in makes the index look dear.
            cursor.execute("SELECT gin_clean_pending_list('tickets_searchdocument_words')")
        cursor.execute("ANALYZE")


@pytest.fixture
def plan(crowd, workspace):
    """How the store answers a list by date: every step, as the words of the store."""

    def steps(text):
        tickets = Ticket.objects.filter(archived_at=None, merged_into=None)
        found = search.matching(tickets, workspace.id, text).order_by("-last_message_at", "-id")[:25]
        if connection.vendor == "postgresql":
            return list(nodes(json.loads(found.explain(format="json"))[0]["Plan"]))
        return [line.split(maxsplit=3)[-1] for line in found.explain().splitlines()]

    return steps


def nodes(step):
    yield step
    for child in step.get("Plans", []):
        yield from nodes(child)


def test_the_index_itself_leaves_other_workspaces_out(plan):
    """Otherwise a common word would be slow for everyone as soon as one workspace is big."""
    for text in ("word7x word7y", "filler and", '"filler word7x"', "word7x or word8x -word7y", "fill*"):
        steps = plan(text)
        if connection.vendor == "postgresql":
            scans = [step for step in steps if step["Node Type"] == "Bitmap Index Scan"]
            assert [scan["Index Name"] for scan in scans] == ["tickets_searchdocument_words"], text
            assert "workspace_id =" in scans[0]["Index Cond"]
            assert "tsv @@" in scans[0]["Index Cond"]
        else:
            here, query = uuid.UUID(int=7), parse(text)
            assert "SCAN tickets_search VIRTUAL TABLE INDEX" in " ".join(steps)
            assert match(here, query).count(f'ws : "{here.hex}"') == len(query.clauses)


def test_the_index_is_asked_once_and_not_once_per_ticket(plan):
    """Neither may a rare word walk through a long list, nor a common one read every document."""
    for text in ("word7x word7y", "filler and", "-filler"):
        steps = plan(text)
        if connection.vendor == "postgresql":
            [scan] = [step for step in steps if step.get("Index Name") == "tickets_searchdocument_words"]
            assert "tsv @@" in scan["Index Cond"], text
            if text.startswith("-"):
                assert any("NOT (hashed SubPlan" in step.get("Filter", "") for step in steps)
            else:
                assert not any("SubPlan" in step.get("Subplan Name", "") for step in steps)
                assert any("ANY" in step.get("Index Cond", "") for step in steps)
        else:
            shown = " ".join(steps)
            assert shown.index("SCAN tickets_search VIRTUAL") < shown.index("SEARCH document USING INTEGER PRIMARY KEY")
            assert "LIST SUBQUERY" in shown
            assert "CORRELATED" not in shown


@pytest.fixture
def page_plan(crowd, workspace):
    """How PostgreSQL chooses a page of the API with its total: every step as it ran."""

    def steps(text):
        question = {"workspace": workspace.pk, "search": text}
        with CaptureQueriesContext(connection) as queries:
            found = TICKETS.fetch(Asked(question, sort=None, limit=20, offset=0, count=Count(COUNT_CAP), after=None))
        assert len(found) >= 20
        chosen, fetched = (query["sql"] for query in queries.captured_queries)
        assert '"subject"' in fetched
        assert '"subject"' not in chosen, "Nothing but ids is carried along."
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {chosen}")
            return list(nodes(cursor.fetchone()[0][0]["Plan"]))

    return steps


@pytest.mark.postgresql
@pytest.mark.parametrize("text", ["filler and", '"filler word7x"', "fill*", "-word7x", "filler or -word7x"])
def test_a_page_and_its_total_are_one_search(page_plan, text):
    steps = page_plan(text)

    assert sum(step.get("Index Name") == "tickets_searchdocument_words" for step in steps) == 1


@pytest.mark.postgresql
def test_long_documents_are_read_to_be_ranked_and_for_nothing_else(page_plan, monkeypatch):
    monkeypatch.setattr(search, "RANKED", 50)

    steps = page_plan("filler and")

    read = {step["Relation Name"] for step in steps if "Relation Name" in step}
    assert read == {"tickets_searchdocument", "tickets_ticket"}
    [ranked] = [step for step in steps if step.get("Index Name") == "tickets_searchdocument_ticket_id_key"]
    assert ranked["Actual Loops"] == 50


def test_a_common_word_is_ranked_in_one_go(crowd, workspace):
    """BM25 begins with a count over the whole index: one per ticket would take minutes."""
    found = search.best_first(Ticket.objects.all(), workspace.id, "filler and")
    assert found.count() == 1_000
    started = time.process_time()
    assert len({ticket.id for ticket in found[:600]} | {ticket.id for ticket in found[600:]}) == 1_000
    assert time.process_time() - started < 3
