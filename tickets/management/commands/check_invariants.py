"""`manage.py check_invariants`: is what is stored sound?"""

from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandError, CommandParser

from tickets.files.stores import file_store
from tickets.invariants import INVARIANTS, broken_invariants, lost_files
from workspaces.management.base import OpsCommand, add_json_option


class Command(OpsCommand):
    help = (
        "Check that what is stored is sound: numbers without gaps, messages counted, merges consistent, workspaces\n"
        "apart. One query for each rule; changes nothing, and may run while the product works."
    )
    examples = "  manage.py check_invariants\n  manage.py check_invariants --files --json"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--files", action="store_true", help="Also hold the attachments against the file store.")
        add_json_option(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        broken = broken_invariants()
        if options["files"] and (lost := lost_files(file_store())):
            broken.append(lost)
        if options["as_json"]:
            self.print_json({"ok": not broken, "broken": [asdict(rule) for rule in broken]})
        elif not broken:
            self.stdout.write(f"All {len(INVARIANTS)} invariants hold, and no reference crosses workspaces.")
        else:
            for rule in broken:
                self.stdout.write(f"{rule.name}: {rule.rule} {rule.count} do not: {', '.join(rule.examples)}")
        if broken:
            raise CommandError(f"{len(broken)} invariants are broken.")
