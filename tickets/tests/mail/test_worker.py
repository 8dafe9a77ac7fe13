"""The worker, with somebody in place of the mail servers who does as the test says."""

import datetime as dt
import threading
import uuid
from collections import Counter

import pytest
from django.db import OperationalError, connection, connections

from inboxops import clock
from inboxops.tests.parallel import at_once
from tickets.actions import append_message, dispatch
from tickets.actions.dispatch import outbox_status
from tickets.invariants import broken_invariants
from tickets.mail import worker as worker_module
from tickets.mail.worker import THREADS_PER_MAILBOX, MailWorker
from tickets.models import Delivery, Worker
from tickets.verdicts import Outcome, Verdict
from workspaces.actions import create_mailbox

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE = 20
ACCEPTED = Verdict(Outcome.ACCEPTED, 250, "Ok")


class Postman:
    """Accepts everything and remembers it; `hold` makes it wait, for all or for one mailbox, until `release`."""

    def __init__(self):
        self.sent = Counter()
        self.in_transaction = []
        self.at_work = Counter()
        self.most_at_work = Counter()
        self.begun = threading.Semaphore(0)
        self._held = set()
        self._release = threading.Event()
        self._lock = threading.Lock()

    def hold(self, *mailboxes):
        self._held = set(mailboxes) or None

    def release(self):
        self._release.set()

    def deliver(self, claim):
        with self._lock:
            self.in_transaction.append(connection.in_atomic_block)
            self.at_work[claim.mailbox_id] += 1
            self.most_at_work[claim.mailbox_id] = max(
                self.most_at_work[claim.mailbox_id], self.at_work[claim.mailbox_id]
            )
        self.begun.release()
        if self._held is None or claim.mailbox_id in self._held:
            assert self._release.wait(PATIENCE)
        with self._lock:
            self.at_work[claim.mailbox_id] -= 1
            self.sent[claim.delivery_id] += 1
        return {recipient["address"]: ACCEPTED for recipient in Delivery.objects.get(pk=claim.delivery_id).recipients}

    def close(self):
        pass


@pytest.fixture
def postman():
    return Postman()


@pytest.fixture
def start(postman):
    """Starts workers in threads of their own; they end with the test."""
    started = []

    def start(**kwargs):
        worker = MailWorker(postman=postman, **kwargs)

        def run():
            worker.run()
            connections.close_all()

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        started.append((worker, thread))
        return worker

    yield start
    postman.release()
    for worker, _ in started:
        worker.stop()
    for _, thread in started:
        thread.join(PATIENCE)
        assert not thread.is_alive()


@pytest.fixture
def reply(ticket, actor):
    return lambda: append_message(ticket, body="Hello", send_email=True, actor=actor).delivery


def until(holds, what):
    """Wait until something holds, looking again and again; not for ever."""
    looking = threading.Event()
    for _ in range(PATIENCE * 50):
        if holds():
            return
        looking.wait(0.02)
    raise AssertionError(f"Not within {PATIENCE} s: {what}")


def states():
    return Counter(Delivery.objects.values_list("state", flat=True))


def test_what_is_due_is_sent_and_what_comes_later_too(start, reply, postman):
    first = reply()
    start()
    until(lambda: postman.sent[first.pk], "the first reply is sent")
    second = reply()
    until(lambda: states() == {"sent": 2}, "both are sent")
    assert postman.sent == {first.pk: 1, second.pk: 1}
    assert not any(postman.in_transaction)


def test_once_ends_when_nothing_is_due(reply, postman, settings):
    replies = [reply() for _ in range(20)]
    settings.SEND_DELAY = dt.timedelta(hours=1)
    reply()
    MailWorker(postman=postman).run(once=True)
    assert postman.sent == {delivery.pk: 1 for delivery in replies}
    assert states() == {"sent": 20, "queued": 1}
    assert broken_invariants() == []


def test_one_stuck_server_delays_no_other_mailbox(start, reply, postman, workspace):
    stuck = create_mailbox(workspace, address="stuck@acme.example", actor=dispatch.outbox())
    for _ in range(10):
        reply()
    other = create_mailbox(workspace, address="other@acme.example", actor=dispatch.outbox())
    Delivery.objects.update(mailbox=stuck)
    deliveries = [reply().pk for _ in range(5)]
    Delivery.objects.filter(pk__in=deliveries).update(mailbox=other)
    postman.hold(stuck.pk)

    start(threads=4)

    until(lambda: sum(postman.sent.values()) == 5, "all of the other mailbox are sent")
    assert set(postman.sent) == set(deliveries)
    assert postman.most_at_work[stuck.pk] == THREADS_PER_MAILBOX
    postman.release()
    until(lambda: states() == {"sent": 15}, "the stuck ones, too")


def test_stopped_it_finishes_what_it_is_at_and_gives_the_rest_back(start, reply, postman):
    for _ in range(10):
        reply()
    postman.hold()
    worker = start(threads=2)
    postman.begun.acquire(timeout=PATIENCE)
    worker.stop()
    postman.release()
    until(lambda: "sending" not in states(), "it has ended")
    assert states()["sent"] == sum(postman.sent.values()) <= 3
    assert states()["queued"] == 10 - states()["sent"]
    until(lambda: not Worker.objects.exists(), "it has said so")


def test_what_a_dead_worker_was_at_is_sent_by_another(start, reply, postman, settings):
    delivery = reply()
    dead = uuid.uuid4()
    with clock.at(clock.now() - settings.MAIL_LEASE - dt.timedelta(seconds=1)):
        Delivery.objects.update(run_at=clock.now())
        assert dispatch.claim_due(dead, limit=1)
    start()
    until(lambda: states() == {"sent": 1}, "it is sent")
    assert postman.sent == {delivery.pk: 1}


def test_a_long_transfer_keeps_its_lease(start, reply, postman, settings):
    settings.MAIL_LEASE = dt.timedelta(seconds=1)
    reply()
    postman.hold()
    start()
    postman.begun.acquire(timeout=PATIENCE)
    first = Delivery.objects.get().run_at
    until(lambda: Delivery.objects.get().run_at > first + dt.timedelta(seconds=1), "the lease was renewed")
    assert dispatch.claim_due(uuid.uuid4(), limit=1) == []


def test_what_was_sent_is_written_down_once_the_database_is_back(start, reply, postman, monkeypatch):
    away = threading.Event()
    away.set()
    tried = threading.Semaphore(0)
    finish = worker_module.finish_attempt

    def finish_attempt(*args, **kwargs):
        tried.release()
        if away.is_set():
            raise OperationalError("gone")
        return finish(*args, **kwargs)

    monkeypatch.setattr(worker_module, "finish_attempt", finish_attempt)
    monkeypatch.setattr(worker_module, "_DATABASE_PAUSE", 0.01)
    reply()
    start()
    for _ in range(3):
        assert tried.acquire(timeout=PATIENCE)
    away.clear()
    until(lambda: states() == {"sent": 1}, "it is written down")
    assert sum(postman.sent.values()) == 1


def test_stopped_while_the_database_is_away_it_ends_all_the_same(reply, postman, monkeypatch):
    tried = threading.Event()

    def finish_attempt(*args, **kwargs):
        tried.set()
        raise OperationalError("gone")

    monkeypatch.setattr(worker_module, "finish_attempt", finish_attempt)
    monkeypatch.setattr(worker_module, "PATIENCE", 0.1)
    reply()
    worker = MailWorker(postman=postman)

    def run():
        worker.run()
        connections.close_all()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert tried.wait(PATIENCE)
    worker.stop()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert states() == {"sending": 1}


def test_the_outbox_tells_how_things_stand(start, reply):
    reply()
    Delivery.objects.update(run_at=clock.now() - dt.timedelta(minutes=6))
    status = outbox_status()
    assert (status.workers, status.waiting, status.is_served) == ([], 1, False)
    assert dt.timedelta(minutes=6) <= status.oldest_due < dt.timedelta(minutes=7)
    start()
    until(lambda: outbox_status().is_served and outbox_status().waiting == 0, "a worker lives, nothing waits")


@pytest.mark.postgresql
def test_sixteen_workers_claim_nothing_twice(reply):
    deliveries = {reply().pk for _ in range(500)}

    def take():
        me, mine = uuid.uuid4(), []
        while claims := dispatch.claim_due(me, limit=7):
            mine += [claim.delivery_id for claim in claims]
        return mine

    taken = [delivery for mine in at_once([take] * 16) for delivery in mine]

    assert len(taken) == 500
    assert set(taken) == deliveries


@pytest.mark.postgresql
def test_a_new_reply_wakes_the_worker_at_once(start, reply, postman, monkeypatch):
    monkeypatch.setattr("tickets.mail.wakeup.LOOK_EVERY", 3600)
    monkeypatch.setattr("tickets.mail.wakeup.LOOK_AT_LEAST_EVERY", 3600)
    worker = start()
    until(lambda: worker._wakeup._listens, "it listens")
    reply()
    until(lambda: states() == {"sent": 1}, "it was told")
