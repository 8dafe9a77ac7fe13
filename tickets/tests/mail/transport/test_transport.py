"""Which way mail leaves, and the test server in a process of its own."""

import pytest

from tickets.mail.backends import BackendTransport
from tickets.mail.smtp import Server, SmtpTransport
from tickets.mail.transport import client_name, installation_server, limits, transport_for
from tickets.tests.mail.smtp import smtp_process
from tickets.tests.mail.transport.conftest import CARLA, SENDER
from tickets.verdicts import Outcome
from workspaces.models import Mailbox, SmtpSecurity

SMTP = "django.core.mail.backends.smtp.EmailBackend"


def test_a_mailbox_sends_as_the_installation_does(server, settings, send):
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = SMTP, server.host, server.port
    transport = transport_for(Mailbox(address=SENDER))

    assert isinstance(transport, SmtpTransport)
    assert send(transport)[CARLA].state is Outcome.ACCEPTED
    transport.close()
    assert len(server.mails) == 1


@pytest.fixture
def own(server):
    """A mailbox with a server of its own, which wants a login."""
    server.login = ("inbox", "hunter2")
    mailbox = Mailbox(address=SENDER, smtp_host="localhost", smtp_port=server.port, smtp_security="none")
    mailbox.smtp_username = "inbox"
    mailbox.set_smtp_password("hunter2")
    return mailbox


def test_a_mailbox_with_a_server_of_its_own_sends_through_that(server, settings, send, own):
    settings.SMTP_PRIVATE_HOSTS = ["localhost"]
    transport = transport_for(own)

    assert send(transport)[CARLA].state is Outcome.ACCEPTED
    transport.close()
    assert [line.split()[0] for _, line in server.commands][:2] == ["EHLO", "AUTH"]


def test_it_leads_nobody_into_the_network_of_the_installation(server, settings, send, own):
    settings.SMTP_PRIVATE_HOSTS = []

    verdict = send(transport_for(own))[CARLA]

    assert verdict.state is Outcome.TEMPORARY
    assert "no mail may be sent" in verdict.words
    assert not server.connections


def test_a_password_that_no_key_opens_makes_mail_wait(server, settings, send, own):
    settings.SMTP_PRIVATE_HOSTS = ["localhost"]
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", []
    transport = transport_for(own)

    verdict = send(transport)[CARLA]

    transport.close()
    assert (verdict.state, verdict.words) == (
        Outcome.TEMPORARY,
        "The password for localhost cannot be read. Enter it again.",
    )
    assert not server.connections


def test_any_other_backend_is_used_as_it_is():
    # Django's test runner puts one in place that keeps mail in memory: no test sends mail unless it says so.
    assert isinstance(transport_for(Mailbox(address=SENDER)), BackendTransport)


@pytest.mark.parametrize(
    ("starttls", "tls", "security"),
    [(False, False, SmtpSecurity.NONE), (True, False, SmtpSecurity.STARTTLS), (False, True, SmtpSecurity.TLS)],
)
def test_the_installations_server_is_djangos_settings(settings, starttls, tls, security):
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = SMTP, "mail.example", 587
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "inbox", "hunter2"
    settings.EMAIL_USE_TLS, settings.EMAIL_USE_SSL = starttls, tls

    server = installation_server()

    assert server == Server("mail.example", 587, security, "inbox", "hunter2")
    assert "hunter2" not in repr(server)


def test_a_mail_may_take_longer_than_a_step(settings):
    settings.MAIL_TIMEOUT = 7

    assert (limits().step, limits().mail) == (7, 70)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://support.example.com:8443", "support.example.com"),
        ("http://127.0.0.1:8000", "[127.0.0.1]"),
        ("http://[::1]:8000", "[IPv6:::1]"),
        ("http://büro.example", "xn--bro-hoa.example"),
    ],
)
def test_we_call_ourselves_what_others_call_us(settings, url, name):
    settings.BASE_URL = url

    assert client_name() == name


def test_the_server_of_the_tests_runs_in_a_process_of_its_own_too(transport_to, server, send):
    with smtp_process(["RCPT", "450 4.2.0 Greylisted", 1], ["END", "DROP", 1]) as (port, mails):
        server.port = port
        transport = transport_to(server)
        states = [send(transport)[CARLA].state for _ in range(3)]
        received = [next(mails), next(mails)]

    assert states == [Outcome.TEMPORARY, Outcome.TEMPORARY, Outcome.ACCEPTED]
    assert {mail.message["Message-ID"] for mail in received} == {"<1@acme.example>"}
    assert received[1].recipients == (CARLA,)
