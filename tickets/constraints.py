"""What must never be false of stored tickets and no model option can say; made after every `migrate`.

Two sets of rules: no reference crosses workspaces (`workspaces.tenancy`), and a merged ticket points at a ticket that
is not merged itself, so that following one pointer always ends the search.

The second one, on PostgreSQL, needs no trigger and leaves no race: generated columns say "I am a root" and "my target
is a root", and a foreign key over both keeps them equal at commit, whoever writes at the same time.
"""

from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from tickets import search
from workspaces import tenancy

ROOT_RULES_POSTGRESQL = {
    "tickets_ticket.is_root": (
        "ALTER TABLE tickets_ticket ADD COLUMN is_root boolean GENERATED ALWAYS AS (merged_into_id IS NULL) STORED"
    ),
    "tickets_ticket.target_is_root": (
        "ALTER TABLE tickets_ticket ADD COLUMN target_is_root boolean"
        " GENERATED ALWAYS AS (CASE WHEN merged_into_id IS NOT NULL THEN true END) STORED"
    ),
    # Carries whether a ticket is in the inbox, so that the tag filter is counted without reading tickets.
    "tickets_ticket_root": (
        "CREATE UNIQUE INDEX tickets_ticket_root ON tickets_ticket (workspace_id, id, is_root)"
        " INCLUDE (archived_at, merged_into_id)"
    ),
    "tickets_ticket_merged_into_root": (
        "ALTER TABLE tickets_ticket ADD CONSTRAINT tickets_ticket_merged_into_root"
        " FOREIGN KEY (workspace_id, merged_into_id, target_is_root)"
        " REFERENCES tickets_ticket (workspace_id, id, is_root) DEFERRABLE INITIALLY DEFERRED"
    ),
}


def _root_rules_sqlite() -> dict[str, str]:
    pointed_at_merged = (
        "NEW.merged_into_id IS NOT NULL AND EXISTS"
        " (SELECT 1 FROM tickets_ticket WHERE id = NEW.merged_into_id AND merged_into_id IS NOT NULL)"
    )
    has_followers = (
        "NEW.merged_into_id IS NOT NULL AND EXISTS (SELECT 1 FROM tickets_ticket WHERE merged_into_id = NEW.id)"
    )
    message = "a merged ticket must point at one that is not merged"
    return {
        name: tenancy.raise_trigger(name, "tickets_ticket", event, condition, message)
        for name, event, condition in (
            ("tickets_ticket_root_insert_tenant", "INSERT", pointed_at_merged),
            ("tickets_ticket_root_update_tenant", "UPDATE OF merged_into_id", pointed_at_merged),
            ("tickets_ticket_followers_tenant", "UPDATE OF merged_into_id", has_followers),
        )
    }


def statements(connection: BaseDatabaseWrapper) -> dict[str, str]:
    """The SQL of every rule by name, in order."""
    root_rules = ROOT_RULES_POSTGRESQL if connection.vendor == "postgresql" else _root_rules_sqlite()
    return {**tenancy.statements(connection), **root_rules}


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """The names of the rules that the database lacks."""
    have = tenancy.present(connection)
    return [name for name in statements(connection) if name not in have]


def install(connection: BaseDatabaseWrapper) -> None:
    """Make every rule that is missing. Safe to repeat."""
    sql = statements(connection)
    with connection.cursor() as cursor:
        for name in missing(connection):
            cursor.execute(sql[name])


def install_after_migrate(*, using: str, plan: object = None, **kwargs: Any) -> None:
    """For `post_migrate`: the rules of the schema just reached. A half-migrated one is left for the next run."""
    connection = connections[using]
    tables = set(connection.introspection.table_names())
    if all(model._meta.db_table in tables for model in tenancy.tenant_models()):
        install(connection)
        search.install(connection)


def drop_before_migrate(*, using: str, **kwargs: Any) -> None:
    """For `pre_migrate`: SQLite cannot rebuild a table that a trigger elsewhere names."""
    connection = connections[using]
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        for name in tenancy.present(connection):
            if "_tenant" in name:
                cursor.execute(f'DROP TRIGGER "{name}"')
