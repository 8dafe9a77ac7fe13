"""The recipients of a delivery: what became of the mail for each, and what follows for the whole. No database."""

import datetime as dt
from collections.abc import Mapping
from enum import Enum
from typing import Any

from accounts.addresses import address_key
from inboxops.timestamps import in_iso
from tickets.models import Delivery
from tickets.verdicts import Outcome, Verdict
from tickets.workflow import DeliveryState, News, RecipientState


class Rest(Enum):
    """What an attempt leaves to be done with a delivery."""

    NOTHING = "nothing"
    AGAIN = "again"
    FAILED = "failed"


DETAIL_LENGTH = 2_000
# How many attempts a delivery remembers: the last ones.
_REMEMBERED = 30
_REACHED = (RecipientState.SENT, RecipientState.DELIVERED, RecipientState.BOUNCED)
# What may still become of whom, once the whole is settled.
_OPEN = {
    DeliveryState.SENT: (RecipientState.QUEUED,),
    DeliveryState.FAILED: (RecipientState.QUEUED,),
    DeliveryState.CANCELLED: (RecipientState.QUEUED,),
    DeliveryState.BOUNCED: (RecipientState.QUEUED, RecipientState.SENT),
}
_RECIPIENT_STATES = {
    Outcome.ACCEPTED: RecipientState.SENT,
    Outcome.TEMPORARY: RecipientState.QUEUED,
    Outcome.PERMANENT: RecipientState.FAILED,
}


def note_verdicts(
    delivery: Delivery, verdicts: Mapping[str, Verdict], *, began_at: dt.datetime, seconds: float, now: dt.datetime
) -> None:
    """Write what became of an attempt into a delivery that is locked. Whom the mail has reached it has reached."""
    for recipient in delivery.recipients:
        verdict = verdicts.get(recipient["address"])
        if verdict is None or recipient["state"] in _REACHED:
            continue
        recipient["state"] = _RECIPIENT_STATES[verdict.state]
        recipient["code"], recipient["detail"], recipient["at"] = verdict.code, verdict.words, in_iso(now)
        delivery.provider_message_id = verdict.provider_id or delivery.provider_message_id
    words = next((verdict.words for verdict in sorted(verdicts.values(), key=_worst_first)), "")
    attempt = {"at": in_iso(began_at), "seconds": round(seconds, 3), "detail": words}
    delivery.attempts = [*delivery.attempts, attempt][-_REMEMBERED:]


def _worst_first(verdict: Verdict) -> int:
    return [Outcome.PERMANENT, Outcome.TEMPORARY, Outcome.ACCEPTED].index(verdict.state)


def rest_of(delivery: Delivery, *, gave_up: bool) -> tuple[Rest, str]:
    """What is left to be done after an attempt, and the words that tell why. Having given up, nobody is tried again."""
    waiting = [recipient for recipient in delivery.recipients if recipient["state"] == RecipientState.QUEUED]
    if waiting and not gave_up:
        return Rest.AGAIN, str(waiting[0]["detail"])
    for recipient in waiting:
        recipient["state"] = RecipientState.FAILED
    lost = (RecipientState.FAILED, RecipientState.BOUNCED)
    failed = [recipient for recipient in delivery.recipients if recipient["state"] in lost]
    if failed:
        words = [f"{recipient['address']}: {recipient['detail']}" for recipient in failed]
        return Rest.FAILED, "; ".join(words)[:DETAIL_LENGTH]
    return Rest.NOTHING, str(delivery.recipients[0]["detail"])


def settle_recipients(delivery: Delivery, state: DeliveryState, detail: str, now: dt.datetime) -> None:
    """What is said of a delivery as a whole is so for every recipient who is not otherwise spoken for."""
    for recipient in delivery.recipients:
        if recipient["state"] in _OPEN[state]:
            recipient["state"], recipient["detail"], recipient["at"] = state.value, detail, in_iso(now)


def requeue(delivery: Delivery, now: dt.datetime) -> None:
    """Queue it again, for whom it has not reached."""
    for recipient in delivery.recipients:
        if recipient["state"] not in (RecipientState.SENT, RecipientState.DELIVERED):
            recipient["state"] = RecipientState.QUEUED
    delivery.state, delivery.detail, delivery.settled_at = DeliveryState.QUEUED, "", None
    delivery.queued_at = delivery.run_at = now
    delivery.tries = 0


def recipient_of(delivery: Delivery, address: str) -> dict[str, Any] | None:
    """The recipient with this address, however it is spelled; None where there is none."""
    key = address_key(address)
    return next((found for found in delivery.recipients if address_key(found["address"]) == key), None)


def change_recipient(recipient: dict[str, Any], news: News, code: int | None, detail: str, now: dt.datetime) -> bool:
    """Note an arrival or a bounce. Answers whether it is any news: a bounce is the last word."""
    states = {News.DELIVERED: RecipientState.DELIVERED, News.BOUNCED: RecipientState.BOUNCED}
    if recipient["state"] in (RecipientState.BOUNCED, states[news]):
        return False
    recipient.update(state=states[news].value, code=code, detail=detail[:DETAIL_LENGTH], at=in_iso(now))
    return True
