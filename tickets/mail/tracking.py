"""What mail providers tell later: delivered, bounced, complained. Their webhooks, by anymail.

Only the provider that mail leaves by is listened to, and only if it proves itself by `ANYMAIL_WEBHOOK_SECRET` (HTTP
basic authentication) and, where anymail knows one, a signature: anybody could call a customer's address dead otherwise.
"""

import uuid
from typing import Any

from anymail import urls
from anymail.signals import AnymailTrackingEvent, tracking
from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from accounts.actors import system
from inboxops.api.problems import ApiError, exception_handler
from inboxops.errors import NotFound
from inboxops.ids import parse_uuid
from tickets.actions import track_delivery
from tickets.models import Delivery
from tickets.verdicts import one_line
from tickets.workflow import News

_NEWS = {
    "delivered": News.DELIVERED,
    "bounced": News.BOUNCED,
    "rejected": News.BOUNCED,
    "failed": News.BOUNCED,
    "complained": News.COMPLAINED,
}
_HOOKS = {pattern.name: pattern.callback for pattern in urls.urlpatterns}


@csrf_exempt
def tracking_webhook(request: HttpRequest, provider: str) -> HttpResponseBase:
    """What a provider posts: 404 for any but ours, 403 without proof, else 200, or 5xx for it to send it again."""
    hook = _HOOKS.get(f"{provider}_tracking_webhook")
    if hook is None or provider != settings.MAIL_PROVIDER:
        return exception_handler(NotFound())
    if not settings.ANYMAIL.get("WEBHOOK_SECRET"):
        return exception_handler(
            ApiError(403, "webhook_not_set_up", "Set ANYMAIL_WEBHOOK_SECRET, and give it to the provider.")
        )
    try:
        answer: HttpResponse = hook(request)
    except SuspiciousOperation:
        return exception_handler(ApiError(403, "webhook_not_proven", "This did not come from the provider."))
    except Exception as error:  # noqa: BLE001 - whatever it is, it is logged, and the provider sends it again
        return exception_handler(error)
    return answer


@receiver(tracking, dispatch_uid="note_tracking")
def note_tracking(*, event: AnymailTrackingEvent, **kwargs: Any) -> None:
    """Write down what became of a recipient. What is about none of our mails is passed over."""
    news = _NEWS.get(event.event_type)
    delivery = _delivery_of(event)
    if news is None or delivery is None or not event.recipient:
        return
    words = event.mta_response or event.description or event.reject_reason or event.event_type
    track_delivery(
        delivery, address=event.recipient, news=news, detail=one_line(str(words)), actor=system(settings.MAIL_PROVIDER)
    )


def _delivery_of(event: AnymailTrackingEvent) -> Delivery | None:
    """By what we gave along, else by the provider's own id."""
    given = parse_uuid(str((event.metadata or {}).get("delivery", "")))
    if given is not None:
        return _first(pk=given)
    return _first(provider_message_id=event.message_id) if event.message_id else None


def _first(**key: uuid.UUID | str) -> Delivery | None:
    return Delivery.objects.filter(**key).first()
