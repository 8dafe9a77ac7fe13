"""What workers do with deliveries, without any mail: who takes what, and what follows from the servers' words."""

import datetime as dt
import uuid

import pytest

from inboxops import clock
from inboxops.tests.factories import TicketFactory
from tickets.actions import append_message, archive_ticket, dispatch, merge_tickets, track_delivery, transition_ticket
from tickets.actions.dispatch import claim_due, finish_attempt, give_back, hold_overdue, pause_after, renew_claims
from tickets.models import Delivery, Ticket, TicketEvent
from tickets.verdicts import Outcome, Verdict
from tickets.workflow import DeliveryState, News, Status
from workspaces.actions import create_mailbox

ME, YOU = uuid.uuid4(), uuid.uuid4()
NOW = dt.timedelta()
ACCEPTED = Verdict(Outcome.ACCEPTED, 250, "2.0.0 Ok: queued")
BUSY = Verdict(Outcome.TEMPORARY, 451, "4.7.1 Greylisted")
UNKNOWN = Verdict(Outcome.PERMANENT, 550, "5.1.1 No such user")
CARLA, PARTNER = "carla@customer.example", "partner@customer.example"


@pytest.fixture
def reply(ticket, actor):
    """Queues a reply, and answers its delivery."""

    def send(**kwargs):
        message = append_message(ticket, body="Hello", send_email=True, actor=actor, **kwargs)
        return message.delivery

    return send


def finish(claim, verdicts, worker=ME):
    return finish_attempt(claim, worker, verdicts, began_at=clock.now(), seconds=0.1)


def attempt(verdicts):
    """One attempt at the only delivery, however far away it is planned."""
    delivery = Delivery.objects.get()
    with clock.at(max(clock.now(), delivery.run_at)):
        (claim,) = claim_due(ME, limit=1)
        finish(claim, verdicts)
    delivery.refresh_from_db()
    return delivery


class TestClaiming:
    def test_what_is_taken_is_nobody_elses(self, reply):
        reply()
        assert len(claim_due(ME, limit=10)) == 1
        assert claim_due(YOU, limit=10) == []
        assert Delivery.objects.get().state == "sending"

    def test_the_longest_waiting_come_first_and_no_more_than_asked_for(self, reply):
        ids = [reply().pk for _ in range(3)]
        assert [claim.delivery_id for claim in claim_due(ME, limit=2)] == ids[:2]

    def test_nothing_is_taken_before_its_time(self, reply, settings):
        settings.SEND_DELAY = dt.timedelta(seconds=30)
        reply()
        assert claim_due(ME, limit=10) == []
        with clock.at(clock.now() + dt.timedelta(seconds=31)):
            assert len(claim_due(ME, limit=10)) == 1

    def test_when_a_lease_runs_out_somebody_else_takes_it(self, reply, settings):
        reply()
        claim_due(ME, limit=1)
        with clock.at(clock.now() + settings.MAIL_LEASE + dt.timedelta(seconds=1)):
            (claim,) = claim_due(YOU, limit=1)
            assert Delivery.objects.get().claimed_by == YOU
            assert finish(claim, {CARLA: ACCEPTED}, YOU) == DeliveryState.SENT

    def test_a_lease_is_renewed_while_the_worker_lives(self, reply, settings):
        reply()
        claim_due(ME, limit=1)
        with clock.at(clock.now() + settings.MAIL_LEASE - dt.timedelta(seconds=1)):
            assert renew_claims(ME) == 1
        with clock.at(clock.now() + settings.MAIL_LEASE + dt.timedelta(seconds=1)):
            assert claim_due(YOU, limit=1) == []

    def test_what_is_given_back_is_there_at_once(self, reply):
        delivery = reply()
        claim_due(ME, limit=1)
        give_back(YOU, [delivery.pk])
        assert claim_due(YOU, limit=1) == []
        give_back(ME, [delivery.pk])
        assert len(claim_due(YOU, limit=1)) == 1

    def test_busy_mailboxes_are_left_alone(self, reply, workspace, actor):
        without = reply()
        mailbox = create_mailbox(workspace, address="help@acme.example", actor=dispatch.outbox())
        with_one = reply()
        assert with_one.mailbox_id == mailbox.pk
        assert [claim.delivery_id for claim in claim_due(ME, limit=9, each=1, at_work={None: 1})] == [with_one.pk]
        give_back(ME, [with_one.pk])
        assert [claim.delivery_id for claim in claim_due(ME, limit=9, each=1, at_work={mailbox.pk: 1})] == [without.pk]

    def test_of_one_mailbox_no_more_than_so_many(self, reply):
        for _ in range(3):
            reply()
        assert len(claim_due(ME, limit=9, each=2)) == 2
        assert len(claim_due(YOU, limit=9, each=2)) == 1

    def test_a_mailbox_sends_no_more_than_its_rate(self, reply, workspace):
        mailbox = create_mailbox(workspace, address="help@acme.example", actor=dispatch.outbox())
        mailbox.rate_per_minute = 2
        mailbox.save()
        for _ in range(3):
            reply()
        now = clock.now()
        taken = []
        for seconds in (0, 29, 30, 31, 59, 61, 90):
            with clock.at(now + dt.timedelta(seconds=seconds)):
                taken.append(len(claim_due(ME, limit=9)))
        assert taken == [1, 0, 1, 0, 0, 1, 0]


class TestFinishing:
    def test_accepted_it_is_sent(self, reply, api, ticket):
        reply()
        delivery = attempt({CARLA: ACCEPTED})
        assert (delivery.state, delivery.run_at, delivery.claimed_by) == ("sent", None, None)
        shown = api.get(f"tickets/{ticket.pk}").json()["messages"][-1]["delivery"]
        assert shown["state"] == "sent"
        assert [(r["state"], r["code"], r["detail"]) for r in shown["recipients"]] == [("sent", 250, ACCEPTED.words)]
        assert [a["detail"] for a in shown["attempts"]] == [ACCEPTED.words]
        assert TicketEvent.objects.get(kind="delivery.settled").data["state"] == "sent"

    def test_a_temporary_refusal_is_tried_again_later_and_later(self, reply):
        reply()
        pauses = []
        for number in range(1, 6):
            before = max(clock.now(), Delivery.objects.get().run_at)
            delivery = attempt({CARLA: BUSY})
            assert (delivery.state, delivery.tries, delivery.detail) == ("queued", number, BUSY.words)
            pauses.append((delivery.run_at - before).total_seconds())
        assert all(
            0.75 < pause / expected < 1.25 for pause, expected in zip(pauses, (30, 120, 480, 1920, 7680), strict=True)
        )
        assert len(delivery.attempts) == 5

    def test_after_five_days_it_has_failed(self, reply):
        reply()
        delivery = attempt({CARLA: BUSY})
        while delivery.state == "queued":
            delivery = attempt({CARLA: BUSY})
        assert delivery.state == "failed"
        assert BUSY.words in delivery.detail
        assert dt.timedelta(days=5) < delivery.settled_at - delivery.created_at < dt.timedelta(days=5, hours=8)

    def test_a_final_refusal_is_final_at_once(self, reply):
        reply()
        delivery = attempt({CARLA: UNKNOWN})
        assert (delivery.state, delivery.detail) == ("failed", f"{CARLA}: {UNKNOWN.words}")

    def test_who_has_it_is_not_tried_again(self, reply):
        reply(cc_addresses=[PARTNER])
        delivery = attempt({CARLA: ACCEPTED, PARTNER: BUSY})
        assert (delivery.state, [r["state"] for r in delivery.recipients]) == ("queued", ["sent", "queued"])
        # Whatever the second attempt says of the first one's success.
        delivery = attempt({CARLA: UNKNOWN, PARTNER: ACCEPTED})
        assert (delivery.state, [r["state"] for r in delivery.recipients]) == ("sent", ["sent", "sent"])

    def test_one_who_could_not_be_reached_makes_it_failed_once_the_others_are_done(self, reply):
        reply(cc_addresses=[PARTNER])
        assert attempt({CARLA: BUSY, PARTNER: UNKNOWN}).state == "queued"
        delivery = attempt({CARLA: ACCEPTED})
        assert (delivery.state, delivery.detail) == ("failed", f"{PARTNER}: {UNKNOWN.words}")

    def test_a_failure_opens_the_ticket_for_its_assignee(self, reply, ticket, agent, actor):
        reply(to_status=Status.CLOSED)
        archive_ticket(ticket, actor=actor)
        attempt({CARLA: UNKNOWN})
        ticket.refresh_from_db()
        assert (ticket.status, ticket.archived_at) == ("open", None)
        assert (
            TicketEvent.objects.filter(kind="ticket.status_changed").last().data["reason"] == "A reply did not arrive."
        )

    def test_it_opens_the_ticket_where_the_message_is_now(self, reply, ticket, workspace, actor):
        reply()
        other = TicketFactory(workspace=workspace)
        transition_ticket(ticket, to=Status.CLOSED, actor=actor)
        merge_tickets(ticket, other, actor=actor)
        transition_ticket(other, to=Status.CLOSED, actor=actor)
        attempt({CARLA: UNKNOWN})
        assert [Ticket.objects.get(pk=pk).status for pk in (ticket.pk, other.pk)] == ["closed", "open"]

    def test_a_late_worker_changes_nothing_but_whom_it_has_reached(self, reply, settings):
        reply(cc_addresses=[PARTNER])
        (late,) = claim_due(ME, limit=1)
        with clock.at(clock.now() + settings.MAIL_LEASE + dt.timedelta(seconds=1)):
            (claim,) = claim_due(YOU, limit=1)
            assert finish(late, {CARLA: ACCEPTED, PARTNER: BUSY}, ME) == DeliveryState.SENDING
            assert finish(claim, {CARLA: BUSY, PARTNER: ACCEPTED}, YOU) == DeliveryState.SENT

    def test_pauses_end_at_six_hours(self):
        assert all(pause_after(tries) <= dt.timedelta(hours=7.2) for tries in (7, 20, 10_000))


class TestHolding:
    def test_what_waited_too_long_is_held_until_somebody_says_so(self, reply, api, ticket, problem):
        delivery = reply()
        with clock.at(clock.now() + dt.timedelta(hours=25)):
            assert hold_overdue() == 1
            assert claim_due(ME, limit=9) == []
        delivery.refresh_from_db()
        assert (delivery.state, delivery.run_at) == ("held", None)
        assert TicketEvent.objects.filter(kind="delivery.held", ticket=ticket).count() == 1

        assert api.post(f"messages/{delivery.message_id}/resend").json()["delivery"]["state"] == "queued"
        assert len(claim_due(ME, limit=9)) == 1

    def test_what_is_tried_again_and_again_is_not_held(self, reply):
        reply()
        for _ in range(6):
            delivery = attempt({CARLA: BUSY})
        with clock.at(delivery.run_at + dt.timedelta(hours=1)):
            assert hold_overdue() == 0

    def test_what_a_worker_died_with_long_ago_is_held_too(self, reply):
        reply()
        claim_due(ME, limit=1)
        with clock.at(clock.now() + dt.timedelta(hours=25)):
            assert hold_overdue() == 1
        assert Delivery.objects.get().claimed_by is None


class TestCancelling:
    def test_what_was_not_begun_never_leaves(self, reply, api):
        delivery = reply()
        for _ in range(2):
            shown = api.post(f"messages/{delivery.message_id}/cancel-send").json()
            assert (shown["delivery"]["state"], shown["delivery"]["recipients"][0]["state"]) == (
                "cancelled",
                "cancelled",
            )
        assert claim_due(ME, limit=9) == []
        assert TicketEvent.objects.filter(kind="delivery.settled").count() == 1

    @pytest.mark.parametrize("verdict", [None, BUSY, ACCEPTED, UNKNOWN])
    def test_once_begun_it_is_too_late(self, reply, api, problem, verdict):
        delivery = reply()
        (claim,) = claim_due(ME, limit=1)
        if verdict:
            finish(claim, {CARLA: verdict})
        document = problem(api.post(f"messages/{delivery.message_id}/cancel-send"), 409, "too_late_to_cancel")
        delivery.refresh_from_db()
        assert document["state"] == delivery.state != "cancelled"

    def test_a_note_is_not_mailed(self, api, ticket, actor, problem):
        note = append_message(ticket, body="x", is_internal=True, actor=actor)
        problem(api.post(f"messages/{note.pk}/cancel-send"), 409, "not_mailed")
        problem(api.post(f"messages/{note.pk}/resend"), 409, "not_mailed")

    def test_an_outsider_stops_nothing(self, reply, outsider_api, api, problem):
        delivery = reply()
        problem(outsider_api.post(f"messages/{delivery.message_id}/cancel-send"), 404, "not_found")
        problem(api.post(f"messages/{uuid.uuid4()}/cancel-send"), 404, "not_found")
        assert Delivery.objects.get().state == "queued"


class TestSendingAgain:
    def test_it_goes_to_those_whom_it_has_not_reached_with_the_same_id(self, reply, api):
        delivery = reply(cc_addresses=[PARTNER])
        attempt({CARLA: ACCEPTED, PARTNER: UNKNOWN})
        shown = api.post(f"messages/{delivery.message_id}/resend").json()["delivery"]
        assert (shown["state"], shown["settledAt"]) == ("queued", None)
        assert [recipient["state"] for recipient in shown["recipients"]] == ["sent", "queued"]
        assert shown["internetMessageId"] == delivery.internet_message_id
        assert attempt({PARTNER: ACCEPTED}).state == "sent"
        kinds = list(TicketEvent.objects.order_by("created_at", "id").values_list("kind", flat=True))
        assert [kind for kind in kinds if kind.startswith("delivery")] == [
            "delivery.settled",
            "delivery.queued",
            "delivery.settled",
        ]

    @pytest.mark.parametrize("verdict", [None, BUSY, ACCEPTED])
    def test_what_waits_or_has_arrived_is_not_sent_again(self, reply, api, problem, verdict):
        delivery = reply()
        if verdict:
            attempt({CARLA: verdict})
        problem(api.post(f"messages/{delivery.message_id}/resend"), 409, "nothing_to_resend")


class TestWhatProvidersTell:
    @pytest.fixture
    def tell(self):
        def tell(news, address=CARLA, detail="5.1.1 No such user"):
            return track_delivery(
                Delivery.objects.get(), address=address, news=news, detail=detail, actor=dispatch.outbox()
            )

        return tell

    def kinds(self):
        found = TicketEvent.objects.order_by("created_at", "id").values_list("kind", flat=True)
        return [kind for kind in found if kind.startswith("delivery")]

    def test_an_arrival_is_noted_and_no_event(self, reply, tell):
        reply()
        attempt({CARLA: ACCEPTED})
        for _ in range(2):
            delivery = tell(News.DELIVERED, address="Carla@Customer.example", detail="")
        assert (delivery.state, delivery.recipients[0]["state"]) == ("sent", "delivered")
        assert self.kinds() == ["delivery.settled"]

    def test_a_bounce_opens_the_ticket_once_whatever_comes_after(self, reply, tell, ticket):
        reply(to_status=Status.CLOSED)
        attempt({CARLA: ACCEPTED})
        for news in (News.DELIVERED, News.BOUNCED, News.BOUNCED, News.DELIVERED):
            delivery = tell(news)
        assert (delivery.state, delivery.recipients[0]["state"]) == ("bounced", "bounced")
        assert delivery.detail == f"{CARLA}: 5.1.1 No such user"
        assert self.kinds() == ["delivery.settled"] * 2
        ticket.refresh_from_db()
        assert ticket.status == "open"

    def test_one_that_bounces_while_another_still_waits_fails_it_in_the_end(self, reply, tell):
        reply(cc_addresses=[PARTNER])
        attempt({CARLA: ACCEPTED, PARTNER: BUSY})
        assert tell(News.BOUNCED).state == "queued"
        delivery = attempt({PARTNER: ACCEPTED})
        assert (delivery.state, [r["state"] for r in delivery.recipients]) == ("failed", ["bounced", "sent"])

    def test_a_complaint_is_a_mark_beside_the_state(self, reply, tell, api, ticket):
        reply()
        attempt({CARLA: ACCEPTED})
        for _ in range(2):
            tell(News.COMPLAINED)
        shown = api.get(f"tickets/{ticket.pk}").json()["messages"][-1]["delivery"]
        assert shown["state"] == "sent"
        assert shown["complainedAt"] is not None
        assert self.kinds() == ["delivery.settled", "delivery.complained"]

    def test_somebody_elses_address_changes_nothing(self, reply, tell):
        reply()
        attempt({CARLA: ACCEPTED})
        assert tell(News.BOUNCED, address="somebody@else.example").state == "sent"
