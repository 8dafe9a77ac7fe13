"""`manage.py purge`: remove what has served its time."""

from typing import Any

from django.core.management.base import CommandParser

from workspaces.api.idempotency import expired_answers
from workspaces.management.base import OpsCommand, add_json_option


class Command(OpsCommand):
    help = (
        "Remove answers that were kept for repeated requests (Idempotency-Key) and are older than 24 hours.\n"
        "Run it once a day. Safe to repeat and on two machines."
    )
    examples = "  manage.py purge --dry-run\n  manage.py purge"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Only say what would be removed.")
        add_json_option(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        answers = expired_answers()
        dry = bool(options["dry_run"])
        count = answers.count() if dry else answers.delete()[0]
        if options["as_json"]:
            self.print_json({"storedAnswers": count, "dryRun": dry})
        else:
            self.stdout.write(f"{count} stored answers {'would be ' if dry else ''}removed.")
