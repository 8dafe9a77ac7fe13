"""Workspaces kept apart by the database itself.

Every foreign key between two tables that carry a workspace becomes a rule: both rows are of one workspace. The rules
are derived from the models, so a model added tomorrow is covered without touching this file.

- PostgreSQL: a composite foreign key `(workspace_id, x_id) -> (workspace_id, id)`, checked at commit.
- SQLite, which cannot add a foreign key to a table: triggers. A rebuilt table loses its triggers, and a trigger that
  names a table under reconstruction breaks the rebuild; so they are dropped before and made anew after `migrate`.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.apps import apps
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper


@dataclass(frozen=True, order=True)
class TenantReference:
    """A column that may only point at a row of its own row's workspace."""

    table: str
    column: str
    target: str
    model: type[models.Model] | None = None

    @property
    def name(self) -> str:
        """The name of the rule in the database."""
        return f"{self.table}_{self.column}_tenant"


def tenant_models() -> list[type[models.Model]]:
    """Every model that carries a workspace."""
    return [
        m for m in apps.get_models() if any(f.name == "workspace" and f.is_relation for f in m._meta.concrete_fields)
    ]


def tenant_references() -> list[TenantReference]:
    """Every foreign key from one tenant model to another."""
    tenants = set(tenant_models())
    return [
        TenantReference(model._meta.db_table, field.column, field.related_model._meta.db_table)
        for model in sorted(tenants, key=lambda m: m._meta.db_table)
        for field in model._meta.concrete_fields
        if isinstance(field, models.ForeignKey) and field.related_model in tenants
    ]


def statements(connection: BaseDatabaseWrapper) -> dict[str, str]:
    """The SQL that makes each rule, by the rule's name, in the order in which it must run."""
    if connection.vendor == "postgresql":
        return dict(_foreign_keys())
    return dict(_triggers())


def _foreign_keys() -> Iterator[tuple[str, str]]:
    references = tenant_references()
    for target in sorted({reference.target for reference in references}):
        yield f"{target}_tenant", f'CREATE UNIQUE INDEX "{target}_tenant" ON "{target}" (workspace_id, id)'
    for r in references:
        yield (
            r.name,
            (
                f'ALTER TABLE "{r.table}" ADD CONSTRAINT "{r.name}" FOREIGN KEY (workspace_id, "{r.column}")'
                f' REFERENCES "{r.target}" (workspace_id, id) DEFERRABLE INITIALLY DEFERRED'
            ),
        )


def _triggers() -> Iterator[tuple[str, str]]:
    for r in tenant_references():
        # Only a row of another workspace is refused here; one that is missing is the plain foreign key's business.
        foreign = (
            f'NEW."{r.column}" IS NOT NULL AND EXISTS (SELECT 1 FROM "{r.target}"'  # noqa: S608 - names of our own tables
            f' WHERE id = NEW."{r.column}" AND workspace_id <> NEW.workspace_id)'
        )
        for event in ("INSERT", f'UPDATE OF "{r.column}", workspace_id'):
            name = f"{r.name}_{event.split()[0].lower()}"
            yield name, raise_trigger(name, r.table, event, foreign, "a reference leads into another workspace")
    for model in sorted(tenant_models(), key=lambda m: m._meta.db_table):
        table = model._meta.db_table
        name = f"{table}_workspace_fixed_tenant"
        moved = "NEW.workspace_id <> OLD.workspace_id"
        yield name, raise_trigger(name, table, "UPDATE OF workspace_id", moved, "a row cannot change its workspace")


def raise_trigger(name: str, table: str, event: str, condition: str, message: str) -> str:
    """SQLite's way to say what must never be: abort the statement when `condition` holds."""
    return (
        f'CREATE TRIGGER "{name}" BEFORE {event} ON "{table}" WHEN {condition}'
        f" BEGIN SELECT RAISE(ABORT, '{message}'); END"
    )


def present(connection: BaseDatabaseWrapper) -> set[str]:
    """The names of the constraints, indexes, columns and triggers that the database has, as far as ours go."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT conname FROM pg_constraint WHERE connamespace = current_schema()::regnamespace"
                " UNION SELECT indexname FROM pg_indexes WHERE schemaname = current_schema()"
                " UNION SELECT table_name || '.' || column_name FROM information_schema.columns"
                " WHERE table_schema = current_schema() AND is_generated = 'ALWAYS'"
            )
        else:
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        return {row[0] for row in cursor.fetchall()}
