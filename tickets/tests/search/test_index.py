"""Keeping the index true as tickets change, and within its bounds."""

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tickets import search
from tickets.models import Message, SearchDocument, Ticket
from tickets.search import document
from tickets.search.normalise import index_tokens


def word(number):
    """A word of four letters that no other number has."""
    return "".join(chr(ord("a") + number // 26**place % 26) for place in range(4))


def words(count, start=0):
    return " ".join(word(number) for number in range(start, start + count))


def test_a_new_message_is_found_and_the_old_ones_still_are(make_ticket, add_message, find):
    ticket = make_ticket("first words")
    add_message(ticket, "second thoughts")
    assert find("first thoughts") == find('"second thoughts"') == find('"first words"') == [ticket.number]


def test_a_note_is_found(make_ticket, add_message, find):
    ticket = make_ticket("hello")
    add_message(ticket, "between us", is_internal=True)
    assert find("between us") == [ticket.number]


def test_a_phrase_does_not_cross_messages(make_ticket, find):
    make_ticket("ends with alpha", "beta comes first")
    assert find('"alpha beta"') == []


def test_a_phrase_does_not_cross_from_one_field_into_the_next(make_ticket, find):
    ticket = make_ticket(
        "delta", subject="alpha", number=7, tags=["beta", "gamma"], ccs=["a@b.example", "c@d.example"],
        requester=("Ann", "ann@shop.example"),
    )  # fmt: skip
    for phrase in (
        "alpha 7",
        "beta gamma",
        "alpha beta",
        "alpha delta",
        "gamma delta",
        "example c",
        "ann ann",
        "7 ann",
    ):
        assert find(f'"{phrase}"') == [], phrase
        assert find(phrase) == [ticket.number]


def test_a_changed_head_is_found_and_the_former_one_is_not(make_ticket, find):
    ticket = make_ticket("body words", subject="before", tags=["old"])
    ticket.subject, ticket.tags, ticket.ccs = "after", ["new"], ["new@cc.example"]
    ticket.save()
    search.index_head(ticket)
    assert find("before") == find("old") == []
    assert find('after new new@cc.example "body words"') == [ticket.number]


def test_a_phrase_is_found_however_often_the_head_changed(make_ticket, add_message, find):
    ticket = make_ticket("body words")
    for change in range(30):
        ticket.subject = words(80, change)
        search.index_head(ticket)
    add_message(ticket, "late words")
    assert find('"body words" "late words"') == [ticket.number]


def test_messages_that_left_are_forgotten_by_a_rebuild(make_ticket, add_message, find):
    source, target = make_ticket("stays", "moves away"), make_ticket("target")
    Message.objects.filter(body="moves away").update(ticket=target)
    search.rebuild(source)
    search.rebuild(target)
    assert find('"moves away"') == [target.number]
    assert find("stays") == [source.number]


@pytest.mark.parametrize("repair", [search.rebuild, search.index_head])
def test_a_missing_document_is_made(make_ticket, find, repair):
    ticket = make_ticket("some words", "more words", subject="lost")
    SearchDocument.objects.all().delete()
    assert find("lost") == []
    repair(ticket)
    assert find('lost "some words" "more words"') == [ticket.number]


def test_a_message_to_a_ticket_without_document_makes_it(make_ticket, add_message, find):
    ticket = make_ticket("some words")
    SearchDocument.objects.all().delete()
    add_message(ticket, "late words")
    assert find('"some words" "late words"') == [ticket.number]


def test_a_deleted_document_takes_its_words_along(make_ticket, find):
    make_ticket("some words")
    Ticket.objects.all().delete()
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM tickets_search")
            assert cursor.fetchone() == (0,)
    make_ticket("other words")
    assert find("some") == []


def test_another_workspace_is_never_found(make_ticket, find, other_workspace):
    make_ticket("shared secret", workspace=other_workspace)
    ours = make_ticket("shared words")
    assert find("shared") == find("-nothing") == find("shared or -shared") == find("sha*") == [ours.number]
    assert find(other_workspace.id.hex) == find(f'"{other_workspace.id}"') == []
    assert find("secret", workspace=other_workspace) == [1]


def test_indexing_a_new_ticket_and_a_message_reads_no_other_message(
    make_ticket, add_message, django_assert_num_queries
):
    ticket = make_ticket("one", "two")
    message = add_message(ticket, "three", index=False)
    on_postgresql = connection.vendor == "postgresql"
    with django_assert_num_queries(1 if on_postgresql else 2):
        search.index_message(ticket, message)
    with django_assert_num_queries(1):
        search.index_head(ticket)
    SearchDocument.objects.all().delete()
    with django_assert_num_queries(1 if on_postgresql else 2):
        search.index_new_ticket(ticket, message)


# The bounds ------------------------------------------------------------------------------------------------------


def test_of_a_long_message_words_at_the_end_are_found_but_not_as_a_phrase(make_ticket, find):
    count = document.MESSAGE_POSITIONS + 100
    ticket = make_ticket(words(count))
    assert find(f'"{word(0)} {word(1)}"') == [ticket.number]
    assert find(f"{word(count - 2)} {word(count - 1)}") == [ticket.number]
    assert find(f'"{word(count - 2)} {word(count - 1)}"') == []
    assert find(f'-"{word(count - 2)} {word(count - 1)}"') == [ticket.number]


@pytest.mark.parametrize("again", [False, True], ids=["appended", "rebuilt"])
def test_of_a_long_ticket_words_at_the_end_are_found_but_not_as_a_phrase(make_ticket, add_message, find, again):
    ticket = make_ticket("-", "first words")
    for start in range(0, document.BODY_POSITIONS, 3_500):
        add_message(ticket, words(3_500, start))
    add_message(ticket, "last thoughts")
    if again:
        search.rebuild(ticket)
    assert find('"first words"') == find("last thoughts") == find("thoughts first") == [ticket.number]
    assert find('"last thoughts"') == []


@pytest.mark.parametrize("again", [False, True], ids=["appended", "rebuilt"])
def test_a_ticket_that_is_full_takes_no_more_words_and_nothing_fails(
    make_ticket, add_message, find, again, monkeypatch
):
    monkeypatch.setattr(document, "BODY_BYTES", 20_000)
    for store in (search.postgresql, search.sqlite):
        monkeypatch.setattr(store, "BODY_BYTES", 20_000)
    ticket = make_ticket("first words")
    add_message(ticket, words(1_000))
    add_message(ticket, words(1_000, 1_000))
    add_message(ticket, words(1_000, 2_000))
    add_message(ticket, "last thoughts")
    if again:
        search.rebuild(ticket)
    assert find('"first words"') == find(word(1_999)) == [ticket.number]
    assert find(word(2_500)) == find("last") == []


def test_a_rebuild_stops_reading_when_the_document_is_full(make_ticket, monkeypatch):
    monkeypatch.setattr(document, "BODY_BYTES", 1_000)
    read = []

    def words_of_message(message, filenames):
        read.append(message)
        return document.words_of([message.body], 99, 9999)

    monkeypatch.setattr(document, "words_of_message", words_of_message)
    document.body_of(Message(body=words(20, 20 * number)) for number in range(100))
    assert len(read) < 10


@pytest.mark.parametrize(
    "text",
    [
        " ".join(chr(0x10400 + n % 40) * 64 + word(n) for n in range(3_000)),
        " ".join(chr(0x20000 + n) for n in range(40_000)),
        "".join(chr(0x4E00 + n * 7 % 20_000) for n in range(200_000)),
        " ".join(f"{n}x{n}" for n in range(16_000)),
        "same " * 40_000,
        "\ufdfa" * 200_000,
        "' \\ \x00 \" : * & | ! < > ( ) , \ud800 \u200b" * 4_000,
    ],
    ids=["four-byte", "rare-han", "chinese", "numbers", "same", "ligature", "signs"],
)
def test_no_text_is_too_much_for_the_store(make_ticket, add_message, find, text):
    """PostgreSQL refuses a tsvector of a megabyte: what may go in at most must stay below it."""
    if connection.vendor == "postgresql":
        stored = text.replace("\x00", "").replace("\ud800", "")
    else:
        stored = text.replace("\ud800", "")
    ticket = make_ticket("beginning", subject=stored[:500], tags=[stored[:50]] * 50, ccs=[stored[:254]] * 100)
    for _ in range(6):
        add_message(ticket, stored)
    search.rebuild(ticket)
    assert find("beginning") == [ticket.number]


def test_a_full_ticket_of_different_words_fits(make_ticket, add_message, find):
    """Every message brings new words until nothing more is taken."""
    ticket = make_ticket("beginning", tags=[words(8, 400 * n) for n in range(50)])
    for start in range(0, 120_000, 10_000):
        add_message(ticket, " ".join(f"{n}wörter" for n in range(start, start + 10_000)))
    search.rebuild(ticket)
    assert find("beginning 5wörter") == [ticket.number]


# Proof that tokens reach the store unchanged ---------------------------------------------------------------------


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(st.characters(codec=None, exclude_categories=["Cs"]), max_size=40), min_size=1, max_size=8))
def test_every_token_is_found_as_it_was_indexed(make_ticket, workspace, texts):
    text = " ".join(texts).replace("\x00", "")
    ticket = make_ticket(text, number=Ticket.objects.count() + 1)
    for token in set(index_tokens(text)):
        found = search.matching(Ticket.objects.filter(id=ticket.id), workspace.id, f'"{token}"')
        assert found.exists(), ascii(token)


HOSTILE = st.text(
    st.one_of(st.sampled_from(list("\"-*#orOR(){}:&|!<>'\\^+%,;\x00\u200b\u241f“”東é1a ")), st.characters(codec=None)),
    max_size=60,
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(HOSTILE)
def test_no_query_raises(workspace, text):
    assert list(search.best_first(Ticket.objects.all(), workspace.id, text)) == []


@pytest.mark.parametrize(
    "text",
    ["a* " * 70_000, '"' * 200_000, "-a or " * 40_000, '-"a b" ' * 30_000, "東" * 200_000, "x-" * 100_000,
     "\u202e" * 200_000, "NEAR(" * 40_000, "((((" * 50_000, "\ud83d" * 200_000, "\x00" * 200_000],
    ids=lambda text: ascii(text[:6]),
)  # fmt: skip
def test_a_huge_query_is_answered(make_ticket, workspace, text):
    make_ticket("a b " * 500)
    list(search.best_first(Ticket.objects.all(), workspace.id, text)[:10])


# What the database must have -------------------------------------------------------------------------------------


def test_after_migrate_nothing_is_missing(db):
    assert search.missing(connection) == []


def test_what_got_lost_is_named_and_made_again(make_ticket, find):
    """Django rebuilds tables on SQLite, and then their triggers are gone."""
    if connection.vendor == "postgresql":
        name, drop = "tickets_searchdocument_words", "DROP INDEX tickets_searchdocument_words"
    else:
        name, drop = "tickets_searchdocument_words_delete", "DROP TRIGGER tickets_searchdocument_words_delete"
    with connection.cursor() as cursor:
        cursor.execute(drop)
    assert search.missing(connection) == [name]
    search.install(connection)
    search.install(connection)
    assert search.missing(connection) == []
    test_a_deleted_document_takes_its_words_along(make_ticket, find)


def test_tidying_up_changes_no_answer(make_ticket, find):
    ticket = make_ticket("some words")
    search.tidy(connection)
    search.tidy(connection)
    assert find("some words") == [ticket.number]


def test_the_migration_makes_what_install_would_make(db):
    """The migration cannot import the package, so the statements stand in both places."""
    before = definitions()
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for column in ("tsv", "head", "body", "body_positions", "body_bytes"):
                cursor.execute(f"ALTER TABLE tickets_searchdocument DROP COLUMN {column}")
        else:
            cursor.execute("DROP TRIGGER tickets_searchdocument_words_delete")
            cursor.execute("DROP TABLE tickets_search")
    assert search.missing(connection) == list(search._store().STATEMENTS)
    search.install(connection)
    assert definitions() == before


def definitions():
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT attname, atttypid::regtype::text, attnotnull, pg_get_expr(adbin, adrelid)"
                " FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum"
                " WHERE attrelid = 'tickets_searchdocument'::regclass AND attnum > 3 AND NOT attisdropped"
                " UNION ALL SELECT indexname, indexdef, true, '' FROM pg_indexes"
                " WHERE indexname = 'tickets_searchdocument_words' ORDER BY 1"
            )
        else:
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE name LIKE 'tickets_search%' ORDER BY 1")
        return [
            tuple("".join(str(part).split()).replace("IFNOTEXISTS", "") for part in row) for row in cursor.fetchall()
        ]
