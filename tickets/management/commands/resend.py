"""`manage.py resend`: send mails again, and release what is held."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from accounts.actors import operator
from inboxops.errors import Refused
from inboxops.ids import parse_uuid
from tickets.actions import cancel_delivery, resend_delivery
from tickets.models import Delivery
from tickets.workflow import DeliveryState
from workspaces.management.base import OpsCommand, add_json_option, add_workspace_option, workspace_named

_STATES = (DeliveryState.HELD, DeliveryState.FAILED, DeliveryState.BOUNCED)


class Command(OpsCommand):
    help = (
        "Send mails again that failed or bounced, or release those that are held as no worker was there for a day.\n"
        "Each goes to those whom it has not reached, with the Message-ID it had. Look first: --dry-run."
    )
    examples = (
        "  manage.py resend --state held --dry-run\n"
        "  manage.py resend --state failed --workspace acme\n"
        "  manage.py resend --delivery 0192f3c9-7a12-7d96-b2c3-d4e5f6071829\n"
        "  manage.py resend --state held --cancel"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        chosen = parser.add_mutually_exclusive_group(required=True)
        chosen.add_argument("--state", choices=_STATES, help="All deliveries in this state.")
        chosen.add_argument("--delivery", help="One delivery, by its id.")
        add_workspace_option(parser, required=False)
        parser.add_argument("--cancel", action="store_true", help="They shall never be sent.")
        parser.add_argument("--dry-run", action="store_true", help="Only say which.")
        add_json_option(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        deliveries = self._chosen(options)
        act = cancel_delivery if options["cancel"] else resend_delivery
        done: list[str] = []
        refused: list[str] = []
        for delivery in deliveries.select_related("message", "message__ticket").order_by("created_at").iterator():
            told = f"{delivery.pk} (#{delivery.message.ticket.number}, to {', '.join(delivery.addresses('to'))})"
            if not options["dry_run"]:
                try:
                    act(delivery.message, actor=operator())
                except Refused as error:
                    refused.append(f"{told}: {error.detail}")
                    continue
            done.append(told)
        if options["as_json"]:
            self.print_json({"done": done, "refused": refused, "dryRun": bool(options["dry_run"])})
            return
        verb = "cancelled" if options["cancel"] else "queued again"
        for told in done:
            self.stdout.write(f"{told} {'would be ' if options['dry_run'] else ''}{verb}.")
        for told in refused:
            self.stderr.write(told)
        self.stdout.write(f"{len(done)} deliveries.")

    def _chosen(self, options: dict[str, Any]) -> Any:
        deliveries = Delivery.objects.all()
        if options["workspace"]:
            deliveries = deliveries.filter(workspace=workspace_named(options["workspace"]))
        if options["state"]:
            return deliveries.filter(state=options["state"])
        delivery_id = parse_uuid(options["delivery"])
        found = deliveries.none() if delivery_id is None else deliveries.filter(pk=delivery_id)
        if not found.exists():
            raise CommandError(f"There is no delivery {options['delivery']}.")
        return found
