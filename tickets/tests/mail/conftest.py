import pytest

from accounts.actors import operator
from inboxops.tests.factories import MembershipFactory
from tickets.actions import Person, append_message
from tickets.contacts import contact_for
from tickets.models import Delivery, Message
from tickets.workflow import Channel
from workspaces.actions import create_mailbox


@pytest.fixture
def mailbox(workspace):
    return create_mailbox(workspace, address="support@acme.example", name="Acme Support", actor=operator())


@pytest.fixture
def colleague(workspace):
    return MembershipFactory(workspace=workspace, user__email="Colleague@acme.example")


@pytest.fixture
def reply(ticket, actor, mailbox):
    """Makes a reply that is mailed; answers its delivery."""

    def make(body="Thank you.", on=None, by=None, **kwargs):
        message = append_message(on or ticket, body=body, send_email=True, actor=by or actor, **kwargs)
        return Delivery.objects.get(message=message)

    return make


@pytest.fixture
def customer_mail(ticket, actor):
    """Makes a message that came by mail: from the requester, unless another address is given."""

    def make(body="It still flickers.", message_id=None, sender=None, on=None):
        message = append_message(on or ticket, body=body, as_requester=True, channel=Channel.EMAIL, actor=actor)
        message.internet_message_id = message_id
        if sender:
            message.contact = contact_for(message.workspace_id, Person(sender))
        message.save(update_fields=["internet_message_id", "contact"])
        return Message.objects.get(pk=message.pk)

    return make
