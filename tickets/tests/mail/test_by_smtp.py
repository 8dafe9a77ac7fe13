"""From the reply to a real mail server and its misbehaviour: rows, worker, composed mail and SMTP together."""

from collections import Counter

import pytest
from django.db import transaction

from accounts.actors import operator
from inboxops import clock
from inboxops.tests.uploads import PNG, upload
from tickets.actions import append_message
from tickets.actions.dispatch import Claim
from tickets.invariants import broken_invariants
from tickets.mail.sending import Postman
from tickets.mail.worker import MailWorker
from tickets.models import Delivery
from tickets.tests.mail.smtp import Act, SmtpServer
from tickets.workflow import Status
from workspaces.actions import create_mailbox

pytestmark = pytest.mark.django_db(transaction=True)

CARLA, PARTNER = "carla@customer.example", "partner@customer.example"


@pytest.fixture
def server(settings):
    with SmtpServer() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        yield server


@pytest.fixture(autouse=True)
def mailbox(workspace):
    return create_mailbox(workspace, address="support@acme.example", name="Acme Support", actor=operator())


@pytest.fixture
def reply(ticket, actor):
    def send(**kwargs):
        return append_message(ticket, body="A new lamp is on its way.", send_email=True, actor=actor, **kwargs)

    return send


@pytest.fixture
def work():
    """Everything that is due, by one worker."""
    return lambda: MailWorker(threads=2).run(once=True)


@pytest.fixture
def due():
    """Whatever waits for another try is due now."""
    return lambda: Delivery.objects.filter(state="queued").update(run_at=clock.now())


def read(mail):
    return mail.message


def test_a_reply_with_a_file_reaches_the_customer(server, api, ticket, reply, work):
    done = upload(api, ticket)
    body = {"body": "See the picture.", "sendEmail": True, "attachmentIds": [done["id"]], "ccAddresses": [PARTNER]}
    message = api.post(f"tickets/{ticket.pk}/messages", body).json()

    work()

    (mail,) = server.mails
    assert (mail.sender, sorted(mail.recipients)) == ("support@acme.example", [CARLA, PARTNER])
    shown = read(mail)
    assert shown["Message-ID"] == message["delivery"]["internetMessageId"]
    assert (shown["To"], shown["Cc"]) == (CARLA, PARTNER)
    assert f"[#{ticket.number}]" in shown["Subject"]
    assert [part.get_filename() for part in shown.iter_attachments()] == ["lamp.png"]
    assert next(shown.iter_attachments()).get_content() == PNG
    delivery = api.get(f"tickets/{ticket.pk}").json()["messages"][-1]["delivery"]
    assert (delivery["state"], [r["state"] for r in delivery["recipients"]]) == ("sent", ["sent", "sent"])
    assert broken_invariants() == []


def test_a_note_never_leaves(server, ticket, actor, work):
    append_message(ticket, body="Between us.", is_internal=True, send_email=True, actor=actor)
    work()
    assert server.mails == []


def test_what_was_stopped_never_leaves(server, api, reply, work):
    message = reply()
    assert api.post(f"messages/{message.pk}/cancel-send").status_code == 200
    work()
    assert server.mails == []


@pytest.mark.parametrize("step", ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "END"])
def test_not_now_is_tried_again_and_arrives(server, reply, work, due, step):
    server.on(step, "451 4.7.1 Come back later", times=1)
    message = reply()
    work()
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.recipients[0]["code"]) == ("queued", 451)
    due()
    work()
    assert [read(mail)["Message-ID"] for mail in server.mails] == [message.delivery.internet_message_id]
    assert Delivery.objects.get().state == "sent"


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA", "END"])
def test_never_is_final_and_opens_the_ticket(server, ticket, reply, work, step):
    server.on(step, "550 5.1.1 No such user")
    reply(to_status=Status.CLOSED)
    work()
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.recipients[0]["code"]) == ("failed", 550)
    ticket.refresh_from_db()
    assert ticket.status == "open"
    assert server.mails == []


def test_one_recipient_is_refused_and_the_other_has_it_once(server, reply, work, due):
    server.on("RCPT", "451 4.2.2 Full", recipient=PARTNER, times=1)
    reply(cc_addresses=[PARTNER])
    work()
    due()
    work()
    assert [mail.recipients for mail in server.mails] == [(CARLA,), (PARTNER,)]
    assert len({read(mail)["Message-ID"] for mail in server.mails}) == 1
    assert Delivery.objects.get().state == "sent"


@pytest.mark.parametrize("step", ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA"])
def test_a_connection_that_drops_loses_nothing(server, reply, work, due, step):
    server.on(step, Act.DROP, times=2)
    reply()
    for _ in range(3):
        work()
        due()
    assert len(server.mails) == 1
    assert Delivery.objects.get().state == "sent"


def test_taken_without_an_answer_it_comes_twice_with_the_same_message_id(server, reply, work, due):
    server.on("END", Act.DROP, times=1)
    reply()
    work()
    assert Delivery.objects.get().state == "queued"
    due()
    work()
    assert Counter(read(mail)["Message-ID"] for mail in server.mails).most_common(1)[0][1] == 2
    assert Delivery.objects.get().state == "sent"


def test_a_server_that_says_nothing_is_left_in_time(server, reply, work, settings):
    settings.MAIL_TIMEOUT = 1
    server.on("DATA", Act.STALL)
    reply()
    work()
    delivery = Delivery.objects.get()
    assert delivery.state == "queued"
    assert delivery.attempts[0]["seconds"] < 12


def test_no_mail_leaves_within_a_transaction(server, reply):
    message = reply()
    claim = Claim(message.delivery.pk, message.workspace_id, message.delivery.mailbox_id)
    with transaction.atomic(), pytest.raises(AssertionError, match="within a transaction"):
        Postman().deliver(claim)
    assert server.mails == []


def test_a_request_that_queues_a_mail_speaks_to_no_mail_server(server, api, ticket):
    assert api.post(f"tickets/{ticket.pk}/messages", {"body": "Hello.", "sendEmail": True}).status_code == 201
    assert server.connections == 0
