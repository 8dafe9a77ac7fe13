import pytest
from django.core.mail import EmailMultiAlternatives

from tickets.mail.smtp import Limits, Server, SmtpTransport
from tickets.tests.mail.smtp import SmtpServer, trusting_context
from workspaces.models import SmtpSecurity

SENDER = "support@acme.example"
CARLA = "carla@customer.example"
BOB = "bob@customer.example"
DORA = "dora@customer.example"


@pytest.fixture
def server():
    with SmtpServer() as server:
        yield server


@pytest.fixture
def transport_to():
    """Makes a transport to a server of ours; closed at the end of the test."""
    made = []

    def make(server, *, step=20, mail=20, host="localhost", username="", password="", **options):
        account = Server(host, server.port, SmtpSecurity(server.tls or "none"), username, password)
        limits = {name: options.pop(name) for name in list(options) if name.endswith("per_connection")}
        options.setdefault("context", trusting_context())
        made.append(SmtpTransport(account, Limits(step, mail, **limits), name="inbox.example", **options))
        return made[-1]

    yield make
    for transport in made:
        transport.close()


@pytest.fixture
def mail():
    return EmailMultiAlternatives(
        "Your lamp", "It is on its way.", SENDER, [CARLA], cc=[BOB], headers={"Message-ID": "<1@acme.example>"}
    )


@pytest.fixture
def send(mail):
    """Sends the mail by a transport, to Carla unless told otherwise; the verdicts."""

    def through(transport, *recipients, sender=SENDER):
        return transport.send(mail, sender=sender, recipients=recipients or [CARLA])

    return through
