"""The search index, which each store keeps in its own way and Django's models cannot describe."""

from django.db import migrations

POSTGRESQL = [
    # For an index over a uuid and a tsvector. A trusted extension: the owner of the database may create it.
    "CREATE EXTENSION IF NOT EXISTS btree_gin",
    """
    ALTER TABLE tickets_searchdocument
        ADD COLUMN IF NOT EXISTS head tsvector NOT NULL DEFAULT '',
        ADD COLUMN IF NOT EXISTS body tsvector NOT NULL DEFAULT '',
        ADD COLUMN IF NOT EXISTS body_positions integer NOT NULL DEFAULT 0,
        ADD COLUMN IF NOT EXISTS body_bytes integer NOT NULL DEFAULT 0
    """,
    """
    ALTER TABLE tickets_searchdocument
        ADD COLUMN IF NOT EXISTS tsv tsvector GENERATED ALWAYS AS (head || body) STORED
    """,
    """
    CREATE INDEX IF NOT EXISTS tickets_searchdocument_words
        ON tickets_searchdocument USING gin (workspace_id, tsv)
    """,
]
POSTGRESQL_REVERSE = [
    "DROP INDEX IF EXISTS tickets_searchdocument_words",
    "ALTER TABLE tickets_searchdocument DROP COLUMN IF EXISTS tsv",
    """
    ALTER TABLE tickets_searchdocument
        DROP COLUMN IF EXISTS head,
        DROP COLUMN IF EXISTS body,
        DROP COLUMN IF EXISTS body_positions,
        DROP COLUMN IF EXISTS body_bytes
    """,
]
SQLITE = [
    """
    CREATE VIRTUAL TABLE IF NOT EXISTS tickets_search USING fts5
        (ws, title, head, body, body_positions UNINDEXED, body_bytes UNINDEXED, tokenize = 'ascii')
    """,
    """
    CREATE TRIGGER IF NOT EXISTS tickets_searchdocument_words_delete AFTER DELETE ON tickets_searchdocument
        BEGIN DELETE FROM tickets_search WHERE rowid = OLD.id; END
    """,
]
SQLITE_REVERSE = [
    "DROP TRIGGER IF EXISTS tickets_searchdocument_words_delete",
    "DROP TABLE IF EXISTS tickets_search",
]


def create(apps, schema_editor):
    for statement in POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE:
        schema_editor.execute(statement)


def drop(apps, schema_editor):
    for statement in POSTGRESQL_REVERSE if schema_editor.connection.vendor == "postgresql" else SQLITE_REVERSE:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("tickets", "0001_create_tables")]

    operations = [migrations.RunPython(create, drop)]
