"""`manage.py purge`: remove what has served its time."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from tickets.files.stores import FILES, file_store
from tickets.leftovers import leftover_files, remove_unconfirmed, unconfirmed_attachments
from tickets.models import Attachment
from workspaces.api.idempotency import expired_answers
from workspaces.management.base import OpsCommand, add_json_option

# So many files may go unasked, whatever their share.
_FEW = 10


class Command(OpsCommand):
    help = (
        "Remove what has served its time, each after 24 hours: answers kept for repeated requests (Idempotency-Key),\n"
        "uploads that were never confirmed, and files that no attachment knows (left by a crash, or by an upload).\n"
        "Without an option that chooses, all three. Run it once a day. Safe to repeat and on two machines."
    )
    examples = "  manage.py purge --dry-run\n  manage.py purge\n  manage.py purge --unconfirmed --dry-run"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--answers", action="store_true", help="Only stored answers.")
        parser.add_argument("--unconfirmed", action="store_true", help="Only uploads that were never confirmed.")
        parser.add_argument("--orphans", action="store_true", help="Only files that no attachment knows.")
        parser.add_argument(
            "--force",
            action="store_true",
            help="Remove files even if that is most of what is in the store. Is it the right database?",
        )
        parser.add_argument("--dry-run", action="store_true", help="Only say what would be removed.")
        add_json_option(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        dry = bool(options["dry_run"])
        kinds = {
            "answers": ("storedAnswers", "stored answers", _purge_answers),
            "unconfirmed": ("unconfirmedUploads", "unconfirmed uploads", _purge_unconfirmed),
            "orphans": ("orphanFiles", "files without an attachment", _purge_orphans),
        }
        chosen = [name for name in kinds if options[name]] or list(kinds)
        counts = {}
        for name in chosen:
            member, words, purge = kinds[name]
            counts[member] = purge(dry, bool(options["force"]))
            if not options["as_json"]:
                self.stdout.write(f"{counts[member]} {words} {'would be ' if dry else ''}removed.")
        if options["as_json"]:
            self.print_json({**counts, "dryRun": dry})


def _purge_answers(dry: bool, force: bool) -> int:
    answers = expired_answers()
    return answers.count() if dry else answers.delete()[0]


def _purge_unconfirmed(dry: bool, force: bool) -> int:
    return unconfirmed_attachments().count() if dry else remove_unconfirmed()


def _purge_orphans(dry: bool, force: bool) -> int:
    """Refuses to empty a store that some other database knows all about."""
    store = file_store()
    leftovers = [file.key for file in leftover_files(store)]
    files = sum(key.startswith(FILES) for key in leftovers)
    if files and not force:
        is_most = files > _FEW and 2 * files > sum(1 for _ in store.listed(FILES))
        if is_most or not Attachment.objects.filter(confirmed_at__isnull=False).exists():
            raise CommandError(
                f"{files} files have no attachment in this database, which is most of the store. If it is the right"
                " database, add --force."
            )
    if not dry:
        for key in leftovers:
            store.delete(key)
    return len(leftovers)
