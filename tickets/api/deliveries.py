"""Stopping a mail, and sending it again."""

from collections.abc import Callable

from django.http import HttpResponse
from rest_framework.request import Request

from accounts.actors import Access
from inboxops.api.answers import answer
from inboxops.api.failures import refusal
from tickets import actions
from tickets.api import inputs
from tickets.api.base import TicketBaseViewSet
from tickets.api.outputs import MessageOutput
from tickets.api.representations import stored_message_json
from tickets.errors import NothingToResend, NotMailed, TooLateToCancel
from tickets.models import Delivery, Message
from workspaces.api.calls import Call


class DeliveryViewSet(TicketBaseViewSet):
    """Mails of the workspace's messages."""

    @Call(
        "cancelSend",
        Access.WRITE,
        takes=inputs.EmptyBodyInput,
        gives=MessageOutput,
        failures=(refusal(NotMailed), refusal(TooLateToCancel, "state")),
    )
    def cancel_send(self, request: Request, **kwargs: str) -> HttpResponse:
        """Stop the mail of a message.

        The answer is the message; its mail is `cancelled`, and never leaves. Once sending has begun it is too late. How
        long there is time is a setting. Doing so twice is harmless.
        """
        return self._act(actions.cancel_delivery)

    @Call(
        "resendMessage",
        Access.WRITE,
        takes=inputs.EmptyBodyInput,
        gives=MessageOutput,
        failures=(refusal(NotMailed), refusal(NothingToResend, "state")),
    )
    def resend(self, request: Request, **kwargs: str) -> HttpResponse:
        """Send the mail of a message again.

        The answer is the message. It goes to those whom it has not reached: after a failure, a bounce, a stop, or while
        it is held. It is the same mail with the same Message-ID.
        """
        return self._act(actions.resend_delivery)

    def _act(self, action: Callable[..., Delivery]) -> HttpResponse:
        self.input()
        message_id = self.id_in_path("messageId")
        message = Message.from_db(None, ("id", "workspace_id"), (message_id, self.workspace.pk))
        action(message, actor=self.actor)
        return answer(stored_message_json(message))
