"""Webhooks of mail providers, as Postmark posts them: who is listened to, and what follows."""

import base64
import json
import uuid

import pytest
from django.test import Client

from accounts.actors import operator
from tickets.actions import append_message, settle_delivery
from tickets.models import Delivery
from tickets.workflow import DeliveryState
from workspaces.actions import create_mailbox

SECRET = "inbox:of-ours"
CARLA = "carla@customer.example"


@pytest.fixture(autouse=True)
def _by_postmark(settings):
    settings.MAIL_PROVIDER = "postmark"
    settings.ANYMAIL = {"WEBHOOK_SECRET": SECRET}


@pytest.fixture
def delivery(workspace, ticket, actor):
    create_mailbox(workspace, address="support@acme.example", actor=operator())
    delivery = append_message(ticket, body="Hello", send_email=True, actor=actor).delivery
    return settle_delivery(delivery, state=DeliveryState.SENT, actor=operator())


@pytest.fixture
def post():
    def post(body, secret=SECRET, provider="postmark"):
        headers = {} if secret is None else {"Authorization": f"Basic {base64.b64encode(secret.encode()).decode()}"}
        client = Client(raise_request_exception=False, enforce_csrf_checks=True)
        return client.post(
            f"/webhooks/{provider}/tracking", json.dumps(body), content_type="application/json", headers=headers
        )

    return post


def told(kind, delivery, **more):
    bodies = {
        "Delivery": {"Recipient": CARLA, "DeliveredAt": "2026-11-02T09:40:05Z", "Details": "Taken"},
        "Bounce": {"Email": CARLA, "TypeCode": 1, "Type": "HardBounce", "Details": "550 5.1.1 No such user", "ID": 7},
        "SpamComplaint": {"Email": CARLA, "TypeCode": 512, "Type": "SpamComplaint", "ID": 8},
    }
    known = {"RecordType": kind, "MessageID": "abc", "Metadata": {"delivery": str(delivery.pk)}}
    return {**known, **bodies[kind], **more}


def test_what_is_told_is_noted_however_often(post, delivery, ticket):
    for kind in ("Delivery", "Delivery", "SpamComplaint", "Bounce", "Bounce", "SpamComplaint"):
        assert post(told(kind, delivery)).status_code == 200
    delivery.refresh_from_db()
    assert (delivery.state, delivery.recipients[0]["state"]) == ("bounced", "bounced")
    assert "550 5.1.1 No such user" in delivery.detail
    assert delivery.complained_at is not None
    kinds = list(ticket.events.order_by("created_at", "id").values_list("kind", flat=True))
    assert kinds.count("delivery.complained") == 1
    assert kinds.count("delivery.settled") == 2


def test_a_mail_is_known_by_the_providers_own_id_too(post, delivery):
    Delivery.objects.update(provider_message_id="abc")
    assert post(told("Bounce", delivery, Metadata={})).status_code == 200
    delivery.refresh_from_db()
    assert delivery.state == "bounced"


@pytest.mark.parametrize("secret", [None, "inbox:guess", "", ":"])
def test_who_does_not_prove_itself_is_refused(post, delivery, problem, secret):
    problem(post(told("Bounce", delivery), secret=secret), 403, "webhook_not_proven")
    delivery.refresh_from_db()
    assert delivery.state == "sent"


def test_without_a_secret_nobody_is_listened_to(post, delivery, settings, problem):
    settings.ANYMAIL = {}
    problem(post(told("Bounce", delivery)), 403, "webhook_not_set_up")


@pytest.mark.parametrize("provider", ["mailgun", "nobody", "inbound"])
def test_only_the_provider_that_sends_is_listened_to(post, delivery, problem, provider):
    problem(post(told("Bounce", delivery), provider=provider), 404, "not_found")


def test_without_a_provider_there_is_no_webhook(post, delivery, settings, problem):
    settings.MAIL_PROVIDER = ""
    problem(post(told("Bounce", delivery)), 404, "not_found")


def test_what_is_about_no_mail_of_ours_is_passed_over(post, delivery):
    assert post(told("Bounce", delivery, Metadata={"delivery": str(uuid.uuid4())})).status_code == 200
    assert post(told("Bounce", delivery, Email="somebody@else.example")).status_code == 200
    delivery.refresh_from_db()
    assert delivery.state == "sent"


@pytest.mark.parametrize("body", [{}, [], {"RecordType": "Bounce"}, {"RecordType": "Surprise"}, "text"])
def test_nonsense_changes_nothing(post, delivery, body):
    before = Delivery.objects.values().get()
    post(body)
    assert Delivery.objects.values().get() == before
