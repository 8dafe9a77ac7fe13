"""Providers and Django's own backends: each recipient has a verdict, whatever an API says."""

import io
import json

import pytest
import requests
from anymail.exceptions import (
    AnymailAPIError,
    AnymailInvalidAddress,
    AnymailRequestsAPIError,
    AnymailSerializationError,
    AnymailUnsupportedFeature,
)
from anymail.message import AnymailRecipientStatus
from django.core import mail as django_mail
from django.core.mail.backends.locmem import EmailBackend

from tickets.mail.backends import BackendTransport
from tickets.tests.mail.transport.conftest import BOB, CARLA, DORA, SENDER
from tickets.verdicts import Outcome

ACCEPTED, TEMPORARY, PERMANENT = Outcome.ACCEPTED, Outcome.TEMPORARY, Outcome.PERMANENT


@pytest.fixture
def transport():
    transport = BackendTransport()
    yield transport
    transport.close()


@pytest.fixture
def _provider(settings):
    settings.EMAIL_BACKEND = "anymail.backends.test.EmailBackend"


def said_of(statuses):
    """A provider's answer: the status of each recipient."""
    rows = {address: AnymailRecipientStatus(f"id-{n}", word) for n, (address, word) in enumerate(statuses.items())}
    return {"recipient_status": rows}


@pytest.mark.usefixtures("_provider")
@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("sent", ACCEPTED),
        ("queued", ACCEPTED),
        ("unknown", ACCEPTED),
        (None, ACCEPTED),
        ("rejected", PERMANENT),
        ("invalid", PERMANENT),
        ("failed", PERMANENT),
    ],
)
def test_a_providers_word_is_each_recipients_verdict(transport, mail, word, state):
    mail.anymail_test_response = said_of({CARLA: word, BOB.upper(): "sent"})

    verdicts = transport.send(mail, sender=SENDER, recipients=[CARLA, BOB])

    assert (verdicts[CARLA].state, verdicts[CARLA].provider_id) == (state, "id-0")
    assert verdicts[CARLA].words == f"The provider says: {word or 'unknown'}."
    assert (verdicts[BOB].state, verdicts[BOB].provider_id) == (ACCEPTED, "id-1")


@pytest.mark.usefixtures("_provider")
def test_when_all_are_refused_each_is(transport, mail):
    mail.anymail_test_response = said_of({CARLA: "rejected", BOB: "invalid"})

    verdicts = transport.send(mail, sender=SENDER, recipients=[CARLA, BOB])

    assert [verdict.state for verdict in verdicts.values()] == [PERMANENT] * 2
    assert verdicts[BOB].words == "The provider says: invalid."


@pytest.mark.usefixtures("_provider")
def test_a_recipient_that_the_provider_does_not_mention_was_taken(transport, mail):
    mail.anymail_test_response = said_of({CARLA: "queued"})

    assert transport.send(mail, sender=SENDER, recipients=[CARLA, BOB])[BOB].state is ACCEPTED


def api_error(status):
    response = requests.Response()
    response.status_code, response.reason = status, "Because"
    response._content = json.dumps({"message": "It is so.\n" * 3}).encode()
    return AnymailRequestsAPIError(response=response)


def amazon_error(status):
    return AnymailAPIError("It is so.", response={"ResponseMetadata": {"HTTPStatusCode": status}})


@pytest.mark.usefixtures("_provider")
@pytest.mark.parametrize("error_of", [api_error, amazon_error])
@pytest.mark.parametrize(
    ("status", "state"),
    [
        *[(status, PERMANENT) for status in (400, 406, 413, 422)],
        # A key, a bill, a right, a name of ours: somebody can put it right.
        *[(status, TEMPORARY) for status in (401, 402, 403, 404)],
        *[(status, TEMPORARY) for status in (408, 425, 429, 500, 502, 503, 504, 599)],
        # Taken or not, nobody can tell from what it says.
        *[(status, TEMPORARY) for status in (200, 302)],
    ],
)
def test_the_status_of_an_api_says_whether_to_try_again(transport, mail, error_of, status, state):
    mail.anymail_test_response = error_of(status)

    verdicts = transport.send(mail, sender=SENDER, recipients=[CARLA, BOB])

    assert {verdict.state for verdict in verdicts.values()} == {state}
    assert "It is so." in verdicts[CARLA].words
    assert "\n" not in verdicts[CARLA].words


class Raising(EmailBackend):
    """Raises what the mail says."""

    def send_messages(self, messages):
        raise messages[0].failure


@pytest.mark.parametrize(
    ("failure", "state"),
    [
        (AnymailRequestsAPIError("Error posting to https://api.example:"), TEMPORARY),
        (AnymailAPIError("Not JSON"), TEMPORARY),
        (requests.ConnectionError("Connection refused"), TEMPORARY),
        (requests.ReadTimeout("Timed out"), TEMPORARY),
        (TimeoutError(), TEMPORARY),
        (OSError(28, "No space left on device"), TEMPORARY),
        (AnymailUnsupportedFeature("No metadata"), PERMANENT),
        (AnymailInvalidAddress("Not an address"), PERMANENT),
        (AnymailSerializationError("Not JSON"), PERMANENT),
        (ValueError("Header values can't contain newlines"), PERMANENT),
    ],
    ids=lambda value: type(value).__name__,
)
def test_whatever_a_backend_raises_is_a_verdict(transport, mail, settings, failure, state):
    settings.EMAIL_BACKEND = "tickets.tests.mail.transport.test_backends.Raising"
    mail.failure = failure

    verdict = transport.send(mail, sender=SENDER, recipients=[CARLA])[CARLA]

    assert verdict.state is state
    assert verdict.words


def test_a_provider_without_its_key_is_tried_again(transport, mail, settings):
    settings.EMAIL_BACKEND, settings.ANYMAIL = "anymail.backends.mailgun.EmailBackend", {}

    verdict = transport.send(mail, sender=SENDER, recipients=[CARLA])[CARLA]

    assert verdict.state is TEMPORARY
    assert "MAILGUN_API_KEY" in verdict.words


def test_a_mail_goes_to_those_who_are_left_and_to_nobody_else(transport, mail):
    mail.to, mail.cc, mail.bcc = [f"Carla <{CARLA.upper()}>", DORA], [f'"Bob, B" <{BOB}>'], ["eve@evil.example"]

    transport.send(mail, sender=SENDER, recipients=[CARLA, BOB])

    [sent] = django_mail.outbox
    assert (sent.to, sent.cc, sent.bcc) == ([f"Carla <{CARLA.upper()}>"], [f'"Bob, B" <{BOB}>'], [])
    # The caller's mail is as it was.
    assert len(mail.to) == 2
    assert mail.bcc


def test_somebody_is_in_to_and_nobody_is_forgotten(transport, mail):
    transport.send(mail, sender=SENDER, recipients=[BOB])
    transport.send(mail, sender=SENDER, recipients=[DORA, BOB])

    assert [(sent.to, sent.cc) for sent in django_mail.outbox] == [([BOB], []), ([DORA], [BOB])]


class Silent(EmailBackend):
    """Sends nothing and says nothing."""

    def send_messages(self, messages):
        return 0


def test_nothing_sent_is_not_sent(transport, mail, settings):
    settings.EMAIL_BACKEND = "tickets.tests.mail.transport.test_backends.Silent"

    assert transport.send(mail, sender=SENDER, recipients=[CARLA])[CARLA].state is TEMPORARY


def test_the_console_shows_mail(transport, mail, settings, monkeypatch):
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    shown = io.StringIO()
    monkeypatch.setattr("sys.stdout", shown)

    assert transport.send(mail, sender=SENDER, recipients=[CARLA])[CARLA].state is ACCEPTED
    assert "It is on its way." in shown.getvalue()


def test_a_folder_keeps_mail(transport, mail, settings, tmp_path):
    settings.EMAIL_BACKEND, settings.EMAIL_FILE_PATH = "django.core.mail.backends.filebased.EmailBackend", str(tmp_path)

    for _ in range(2):
        assert transport.send(mail, sender=SENDER, recipients=[CARLA])[CARLA].state is ACCEPTED

    [file] = tmp_path.iterdir()
    assert file.read_text().count("It is on its way.") == 2


class Counting(EmailBackend):
    """Counts what is opened and closed."""

    opened = closed = 0

    def open(self):
        type(self).opened += 1

    def close(self):
        type(self).closed += 1

    def send_messages(self, messages):
        if getattr(messages[0], "failure", None):
            raise messages[0].failure
        return 1


def test_a_connection_is_kept_until_it_fails(mail, settings, monkeypatch):
    settings.EMAIL_BACKEND = "tickets.tests.mail.transport.test_backends.Counting"
    monkeypatch.setattr(Counting, "opened", 0)
    monkeypatch.setattr(Counting, "closed", 0)
    transport = BackendTransport()

    for failure in (None, None, ConnectionResetError(), None):
        mail.failure = failure
        transport.send(mail, sender=SENDER, recipients=[CARLA])
    transport.close()
    transport.close()

    assert (Counting.opened, Counting.closed) == (2, 2)
