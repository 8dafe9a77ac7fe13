"""`manage.py work`: the one background process."""

import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

from django.core.management.base import CommandParser

from tickets.actions.dispatch import outbox_status
from tickets.mail.worker import THREADS, MailWorker
from workspaces.management.base import OpsCommand, add_json_option


class Command(OpsCommand):
    help = (
        "Send the mails that wait: the one background process. Run it beside the web server, restarted when it ends,\n"
        "as often and on as many machines as you like: no two send the same mail. SIGTERM ends it within 30 seconds,\n"
        "and nothing is lost when it is killed."
    )
    examples = "  manage.py work\n  manage.py work --check\n  manage.py work --once"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--threads", type=int, default=THREADS, help="How many mails to send at a time.")
        parser.add_argument("--once", action="store_true", help="End when nothing is due any more.")
        parser.add_argument(
            "--check",
            action="store_true",
            help="Send nothing: tell whether workers live and mail is late. Ends with 1 if none lives, or it is.",
        )
        parser.add_argument(
            "--until-eof", action="store_true", help="End when standard input does: with whoever holds it."
        )
        add_json_option(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        if options["check"]:
            self._check(as_json=options["as_json"])
            return
        worker = MailWorker(threads=max(1, options["threads"]))
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: worker.stop())
        if options["until_eof"]:
            threading.Thread(target=_at_end_of_input, args=[worker.stop], daemon=True).start()
        worker.run(once=options["once"])

    def _check(self, *, as_json: bool) -> None:
        status = outbox_status()
        seconds = round(status.oldest_due.total_seconds(), 1)
        if as_json:
            self.print_json(
                {
                    "workers": status.workers,
                    "waiting": status.waiting,
                    "held": status.held,
                    "oldestDueSeconds": seconds,
                    "ok": status.is_served,
                }
            )
        else:
            self.stdout.write(
                f"Workers: {', '.join(status.workers) or 'none'}. Waiting: {status.waiting}, the oldest due for"
                f" {seconds:g} s. Held: {status.held}."
            )
        if not status.is_served:
            sys.exit(1)


def _at_end_of_input(stop: Callable[[], None]) -> None:
    while sys.stdin.read(4096):
        pass
    stop()
