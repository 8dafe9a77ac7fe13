"""`manage.py check_invariants`: is what is stored sound?"""

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tickets.invariants import INVARIANTS, broken_invariants


class Command(BaseCommand):
    help = (
        "Check that the stored state is sound: numbers without gaps, messages counted, merges consistent, workspaces "
        "apart. Changes nothing. Exit code 0: all is well; 1: something is broken, and the output names it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one line of JSON instead of sentences")

    def handle(self, *args: Any, **options: Any) -> None:
        broken = broken_invariants()
        if options["json"]:
            self.stdout.write(json.dumps({"ok": not broken, "broken": [asdict(rule) for rule in broken]}))
        elif not broken:
            self.stdout.write(f"All {len(INVARIANTS)} invariants hold, and no reference crosses workspaces.")
        else:
            for rule in broken:
                self.stdout.write(f"{rule.name}: {rule.rule} {rule.count} do not: {', '.join(rule.examples)}")
        if broken:
            raise CommandError(f"{len(broken)} invariants are broken.")
