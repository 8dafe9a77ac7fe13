"""What workers do with deliveries: take what is due, keep it while they are at it, and say what became of it.

`run_at` is all there is to plan: it serves schedule, back-off and lease. The lease of a worker that dies runs out.
"""

import datetime as dt
import random
import uuid
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Q, QuerySet

from accounts.actors import Actor, system
from inboxops import clock
from inboxops.db import in_transaction
from inboxops.rows import insert_rows
from tickets.actions.deliver import editing_delivery, settle
from tickets.actions.editing import new_event
from tickets.models import Delivery, Worker
from tickets.recipients import Rest, note_verdicts, rest_of
from tickets.verdicts import Verdict
from tickets.workflow import DeliveryState, EventKind
from workspaces.models import Mailbox

# The first tries are quick; then a server that is down is asked now and then, for days (RFC 5321, section 4.5.4.1).
FIRST_PAUSE, LONGEST_PAUSE, GROWTH = dt.timedelta(seconds=30), dt.timedelta(hours=6), 4
GIVE_UP_AFTER = dt.timedelta(days=5)
HELD = "It has waited too long for a worker: look whether it still should go, then release or cancel it."
_BATCH = 100
# A worker that was not heard of for so long is not there; one of last week is no news.
ALIVE, _FORGOTTEN_AFTER = dt.timedelta(seconds=60), dt.timedelta(days=1)
# What is due for longer than this is late.
LATE = dt.timedelta(minutes=5)


@dataclass(frozen=True)
class Claim:
    """A delivery that a worker has taken."""

    delivery_id: uuid.UUID
    workspace_id: uuid.UUID
    mailbox_id: uuid.UUID | None


def outbox() -> Actor:
    """The program itself, sending."""
    return system("outbox")


def claim_due(
    worker: uuid.UUID, *, limit: int, each: int | None = None, at_work: Mapping[uuid.UUID | None, int] | None = None
) -> list[Claim]:
    """Take up to `limit` deliveries that are due, the longest waiting first, and of one mailbox no more than `each`.

    `at_work` says how many of a mailbox the worker is at already. They are this worker's until `settings.MAIL_LEASE`
    has passed, and nobody else's. Of a mailbox with a rate, no more than it allows. Records nothing: what comes of it
    does.
    """
    each = limit if each is None else each
    claims: list[Claim] = []
    counts = Counter(at_work or {})
    while len(claims) < limit:
        taken = _claim(worker, limit - len(claims), each, counts)
        if not taken:
            break
        claims += taken
        counts.update(claim.mailbox_id for claim in taken)
    return claims


@in_transaction
def _claim(worker: uuid.UUID, limit: int, each: int, at_work: Counter[uuid.UUID | None]) -> list[Claim]:
    now = clock.now()
    rows = _due(now).exclude(mailbox__next_send_at__gt=now)
    full = [mailbox for mailbox, count in at_work.items() if count >= each]
    if known := [mailbox for mailbox in full if mailbox is not None]:
        rows = rows.exclude(mailbox__in=known)
    if None in full:
        rows = rows.exclude(mailbox=None)
    locked = rows.select_for_update(skip_locked=True, of=("self",)).order_by("run_at", "id")[:limit]
    counts = Counter(at_work)
    fitting = []
    for delivery in locked:
        counts[delivery.mailbox_id] += 1
        if counts[delivery.mailbox_id] <= each:
            fitting.append(delivery)
    allowed = _within_their_rates(fitting, now)
    Delivery.objects.filter(pk__in=[delivery.pk for delivery in allowed]).update(
        state=DeliveryState.SENDING, claimed_by=worker, run_at=now + settings.MAIL_LEASE
    )
    return [Claim(delivery.pk, delivery.workspace_id, delivery.mailbox_id) for delivery in allowed]


def _due(now: dt.datetime) -> QuerySet[Delivery]:
    """What nobody is at: queued, or taken by somebody whose lease has run out."""
    return Delivery.objects.filter(run_at__lte=now)


def _within_their_rates(deliveries: list[Delivery], now: dt.datetime) -> list[Delivery]:
    """One of each mailbox that has a rate, whose next may then go when the rate says so; all of the others."""
    paced = Mailbox.objects.filter(
        pk__in={delivery.mailbox_id for delivery in deliveries if delivery.mailbox_id}, rate_per_minute__isnull=False
    )
    rates = dict(paced.values_list("pk", "rate_per_minute"))
    if not rates:
        return deliveries
    # Two workers must not both take the one that is allowed.
    free = set(
        paced.filter(Q(next_send_at=None) | Q(next_send_at__lte=now))
        .select_for_update(skip_locked=True)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    allowed = []
    for delivery in deliveries:
        rate = rates.get(delivery.mailbox_id) if delivery.mailbox_id else None
        if rate is None:
            allowed.append(delivery)
        elif delivery.mailbox_id in free:
            allowed.append(delivery)
            free.remove(delivery.mailbox_id)
            Mailbox.objects.filter(pk=delivery.mailbox_id).update(next_send_at=now + dt.timedelta(minutes=1) / rate)
    return allowed


@in_transaction
def hold_overdue() -> int:
    """Hold what has been due for longer than `settings.HOLD_AFTER`: nobody was there to send it, and who knows why.

    A worker that was never started, or a restored backup, must not send the letters of last week. Records
    `delivery.held` on each ticket. Answers how many there were; call it again for more than a hundred.
    """
    now = clock.now()
    overdue = Delivery.objects.filter(run_at__lt=now - settings.HOLD_AFTER).select_related("message__ticket")
    found = list(overdue.select_for_update(skip_locked=True, of=("self",)).order_by("run_at")[:_BATCH])
    Delivery.objects.filter(pk__in=[delivery.pk for delivery in found]).update(
        state=DeliveryState.HELD, run_at=None, claimed_by=None, detail=HELD
    )
    for delivery in found:
        told = {"messageId": str(delivery.message_id), "deliveryId": str(delivery.pk)}
        insert_rows([new_event(delivery.message.ticket, EventKind.DELIVERY_HELD, outbox(), now, told)])
    return len(found)


def report_alive(worker: uuid.UUID, name: str) -> int:
    """Say that this worker lives, and keep what it is at for another lease. Answers how many deliveries that are."""
    now = clock.now()
    Worker.objects.update_or_create(pk=worker, defaults={"name": name, "seen_at": now})
    Worker.objects.filter(seen_at__lt=now - _FORGOTTEN_AFTER).delete()
    return renew_claims(worker)


def report_gone(worker: uuid.UUID) -> int:
    """Say that this worker has ended well."""
    return Worker.objects.filter(pk=worker).delete()[0]


def renew_claims(worker: uuid.UUID) -> int:
    """Keep what this worker is at for another lease."""
    mine = Delivery.objects.filter(claimed_by=worker, run_at__isnull=False)
    return mine.update(run_at=clock.now() + settings.MAIL_LEASE)


def give_back(worker: uuid.UUID, delivery_ids: Collection[uuid.UUID]) -> int:
    """Let others take what this worker has not begun with. Answers how many deliveries that are."""
    return Delivery.objects.filter(pk__in=delivery_ids, claimed_by=worker).update(
        state=DeliveryState.QUEUED, claimed_by=None, run_at=clock.now()
    )


@in_transaction
def finish_attempt(
    claim: Claim,
    worker: uuid.UUID,
    verdicts: Mapping[str, Verdict],
    *,
    began_at: dt.datetime,
    seconds: float,
) -> DeliveryState:
    """Note what became of an attempt, by address, and answer where the delivery stands now.

    Whoever has it accepted is not tried again. The others are, later and later, as long as their refusals are
    temporary and five days have not passed. When nobody is left to be tried it is settled: sent, or failed if anybody
    could not be reached, which opens the ticket again. An attempt of a worker whose lease has run out still counts for
    whom it has reached; the rest is up to the worker that has it now. Records `delivery.settled` when it is over.
    """
    delivery = Delivery(pk=claim.delivery_id, workspace_id=claim.workspace_id)
    delivery.message_id = Delivery.objects.values_list("message_id", flat=True).get(pk=claim.delivery_id)
    with editing_delivery(delivery, actor=outbox()) as (edit, locked):
        note_verdicts(locked, verdicts, began_at=began_at, seconds=seconds, now=edit.now)
        if locked.claimed_by != worker:
            return DeliveryState(locked.state)
        rest, detail = rest_of(locked, gave_up=edit.now - locked.queued_at > GIVE_UP_AFTER)
        if rest == Rest.AGAIN:
            locked.tries += 1
            locked.state, locked.claimed_by, locked.detail = DeliveryState.QUEUED, None, detail
            locked.run_at = clock.now() + pause_after(locked.tries)
        else:
            state = DeliveryState.SENT if rest == Rest.NOTHING else DeliveryState.FAILED
            settle(edit, locked, state, detail)
    return DeliveryState(locked.state)


def pause_after(tries: int) -> dt.timedelta:
    """How long to wait after so many tries: four times as long each time, and never the same for all."""
    pause: dt.timedelta = min(FIRST_PAUSE * GROWTH ** min(tries - 1, 10), LONGEST_PAUSE)
    return pause * random.uniform(0.8, 1.2)  # noqa: S311 - nobody gains by guessing it


def next_due() -> dt.datetime | None:
    """When there will be something to do; None when nothing waits."""
    return Delivery.objects.filter(run_at__isnull=False).order_by("run_at").values_list("run_at", flat=True).first()


@dataclass(frozen=True)
class Outbox:
    """How things stand: the workers that live, how many deliveries wait, and for how long the oldest was due."""

    workers: list[str]
    waiting: int
    held: int
    oldest_due: dt.timedelta

    @property
    def is_served(self) -> bool:
        """Whether a worker lives, and what is due is taken."""
        return bool(self.workers) and self.oldest_due < LATE


def outbox_status() -> Outbox:
    """How things stand."""
    now, due = clock.now(), next_due()
    alive = Worker.objects.filter(seen_at__gt=now - ALIVE)
    return Outbox(
        workers=list(alive.order_by("started_at").values_list("name", flat=True)),
        waiting=Delivery.objects.filter(run_at__isnull=False).count(),
        held=Delivery.objects.filter(state=DeliveryState.HELD).count(),
        oldest_due=max(now - due, dt.timedelta()) if due else dt.timedelta(),
    )
