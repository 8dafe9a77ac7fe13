"""A store for the tests of plans: one big workspace among small ones, made in seconds by the database itself.

Old tickets are mostly closed, some are archived, few are merged; few tags are on many tickets. There is no more than
what plans depend on: no words in the search index, and most tickets have one message or none. Messages have a file
each, and on every other ticket one waits for a message, confirmed or not.
"""

from dataclasses import dataclass

from django.db import connection
from django.db.backends.utils import CursorWrapper

from inboxops.tests.factories import MembershipFactory, WorkspaceFactory
from workspaces.models import Membership, Role

TICKETS, SMALL_WORKSPACES, SMALL = 20_000, 100, 100
CONVERSATION = 2_000
# md5('user5'): an agent who has about three tickets in a hundred.
AGENT = "0a791842-f52a-0acf-bb3a-783378c066b8"


@dataclass(frozen=True)
class Crowd:
    """Who asks in the big workspace, and the ticket with the long conversation."""

    member: Membership
    ticket_id: str


STATEMENTS = """
SELECT setseed(0.25);

INSERT INTO workspaces_workspace (id, slug, name, created_at)
SELECT md5('workspace' || n)::uuid, 'small-' || n, 'Small', '2024-01-01'
FROM generate_series(1, %(small_workspaces)s) n;

INSERT INTO accounts_user (id, email, name, password, is_superuser, is_staff, is_active, created_at)
SELECT md5('user' || n)::uuid, 'user-' || n || '@team.example', 'User', '!', false, false, true, '2024-01-01'
FROM generate_series(0, 1999) n;

INSERT INTO workspaces_membership (id, workspace_id, user_id, role, created_at)
SELECT md5('member' || n)::uuid, CASE WHEN n < 200 THEN %(big)s ELSE md5('workspace' || n - 199)::uuid END,
    md5('user' || n)::uuid, 'agent', timestamptz '2024-01-01' + n * interval '1 minute'
FROM generate_series(0, 199 + %(small_workspaces)s) n;

INSERT INTO tickets_contact (id, workspace_id, email, email_key, name, created_at)
SELECT md5('contact' || n)::uuid, CASE WHEN n < 3000 THEN %(big)s ELSE md5('workspace' || n - 2999)::uuid END,
    'c' || n || '@customer.example', 'c' || n || '@customer.example', 'Customer', '2024-01-01'
FROM generate_series(0, 2999 + %(small_workspaces)s) n;

INSERT INTO tickets_ticket (
    id, workspace_id, number, subject, status, priority, ccs, tags, channel, message_count, version, created_at,
    last_message_at, updated_at, closed_at, archived_at, assignee_id, requester_id
)
SELECT
    md5('ticket' || n)::uuid, %(big)s, n, repeat('Ticket ', 40), status,
    1 + width_bucket(random(), ARRAY[0.1, 0.8, 0.9]), '[]', '[]', 'email', 1, 1, born,
    spoken, spoken + random() * interval '2 hours',
    CASE WHEN status = 'closed' THEN spoken END,
    CASE WHEN status = 'closed' AND random() < 0.1 THEN spoken + interval '1 day' END,
    CASE WHEN random() < 0.6 THEN md5('user' || floor(20 * random() ^ 2))::uuid END,
    md5('contact' || floor(3000 * random() ^ 3))::uuid
FROM (
    SELECT n, born, born - ln(1 - random()) * interval '1 day' AS spoken,
        CASE WHEN chance < 0.04 OR (chance < 0.4 AND n > 0.9 * %(tickets)s) THEN 'open'
             WHEN chance < 0.07 OR (chance < 0.6 AND n > 0.9 * %(tickets)s) THEN 'pending' ELSE 'closed' END AS status
    FROM (
        SELECT n, timestamptz '2024-01-01' + n * interval '30 minutes' AS born, random() AS chance
        FROM generate_series(1, %(tickets)s) n OFFSET 0
    ) AS births OFFSET 0
) AS lives;

INSERT INTO tickets_ticket (
    id, workspace_id, number, subject, status, priority, ccs, tags, channel, message_count, version, created_at,
    last_message_at, updated_at, requester_id
)
SELECT md5('ticket' || w || '/' || n)::uuid, md5('workspace' || w)::uuid, n, repeat('Ticket ', 40), 'open', 2,
    '[]', '[]', 'email', 1, 1, at, at, at, md5('contact' || 2999 + w)::uuid
FROM generate_series(1, %(small_workspaces)s) w, generate_series(1, %(small)s) n,
    LATERAL (SELECT timestamptz '2024-01-01' + n * interval '5 days' + w * interval '1 minute' AS at) AS time;

UPDATE tickets_ticket AS source SET merged_into_id = target.id FROM tickets_ticket AS target
WHERE source.workspace_id = %(big)s AND source.number %% 97 = 0 AND source.status = 'closed'
    AND target.workspace_id = %(big)s AND target.number = source.number - 1;

INSERT INTO tickets_tickettag (id, workspace_id, ticket_id, key)
SELECT md5('tag' || key || ticket.id)::uuid, workspace_id, ticket.id, key
FROM tickets_ticket AS ticket,
    (VALUES ('common', 3), ('frequent', 10), ('rare', 2000), ('once', 9000)) AS tag (key, nth)
WHERE (number * 31) %% nth = 0;

INSERT INTO tickets_message (
    id, workspace_id, ticket_id, origin_ticket_id, author_kind, contact_id, is_internal, channel, body, body_html, size,
    attachment_count, created_at
)
SELECT md5('message' || ticket.id || n)::uuid, workspace_id, ticket.id, ticket.id, 'customer', requester_id, false,
    'email', 'Where is my order?', '', 18, 1, created_at + n * interval '1 minute'
FROM tickets_ticket AS ticket,
    generate_series(1, CASE WHEN number = 7 AND workspace_id = %(big)s THEN %(conversation)s ELSE number %% 2 END) n;

INSERT INTO tickets_ticketevent (
    id, workspace_id, ticket_id, kind, data, door, actor_label, request_id, created_at
)
SELECT md5('event' || id)::uuid, workspace_id, ticket_id, 'message.added', '{}', 'api', '', '', created_at
FROM tickets_message;

INSERT INTO tickets_attachment (
    id, workspace_id, ticket_id, message_id, filename, content_type, size, key, created_at, confirmed_at
)
SELECT md5('file' || id)::uuid, workspace_id, ticket_id, id, 'lamp.png', 'image/png', 100, 'files/' || id, created_at,
    created_at
FROM tickets_message;

INSERT INTO tickets_attachment (
    id, workspace_id, ticket_id, filename, content_type, size, key, created_at, confirmed_at
)
SELECT md5('waiting' || id)::uuid, workspace_id, id, 'lamp.png', 'image/png', 100,
    CASE WHEN number %% 4 = 1 THEN '' ELSE 'files/' || id END, created_at, CASE WHEN number %% 4 = 3 THEN created_at END
FROM tickets_ticket WHERE number %% 2 = 1
"""
TABLES = "tickets_ticket, tickets_tickettag, tickets_message, tickets_ticketevent, tickets_attachment"
OTHER_TABLES = "workspaces_workspace, workspaces_membership, accounts_user, tickets_contact"


def gather() -> Crowd:
    """Load everything, for good: what VACUUM notes is half of what plans depend on."""
    member = MembershipFactory(workspace=WorkspaceFactory(slug="big"), role=Role.AGENT)
    numbers = {"tickets": TICKETS, "small_workspaces": SMALL_WORKSPACES, "small": SMALL, "conversation": CONVERSATION}
    with connection.cursor() as cursor:
        for statement in STATEMENTS.split(";\n"):
            cursor.execute(statement, {"big": member.workspace_id, **numbers})
        settle(cursor)
        cursor.execute("SELECT id FROM tickets_ticket WHERE workspace_id = %s AND number = 7", [member.workspace_id])
        return Crowd(member, cursor.fetchone()[0])


def settle(cursor: CursorWrapper) -> None:
    """Let VACUUM note what plans depend on: that everybody sees every row, and of every row what is in it."""
    # A sample would be another one each time, and with it now and then a plan; so would be what autovacuum notes.
    cursor.execute("SET default_statistics_target = 1000")
    for table in TABLES.split(", "):
        cursor.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = false)")
    cursor.execute(f"VACUUM ANALYZE {TABLES}, {OTHER_TABLES}")
    # It cannot while any transaction is older than the rows, such as one of autovacuum: then again, until that is over.
    for _ in range(10_000):
        cursor.execute(
            "SELECT bool_and(relallvisible >= relpages) FROM pg_class WHERE oid = ANY(%s::regclass[])",
            [TABLES.split(", ")],
        )
        if cursor.fetchone()[0]:
            return
        cursor.execute(f"VACUUM {TABLES}")
    raise AssertionError("A transaction stays open in the database of the tests: end it.")


def disperse() -> None:
    """Leave nothing behind."""
    with connection.cursor() as cursor:
        for table in TABLES.split(", "):
            cursor.execute(f"ALTER TABLE {table} RESET (autovacuum_enabled)")
        cursor.execute("RESET default_statistics_target")
        cursor.execute("TRUNCATE workspaces_workspace, accounts_user CASCADE")
