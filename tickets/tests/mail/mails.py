"""Mails as whoever gets them reads them."""

import email
import io
from email.header import decode_header, make_header
from email.policy import compat32

from tickets.actions import add_file
from tickets.mail.compose import NEEDED, compose
from tickets.models import Delivery


def bytes_of(delivery, **kwargs):
    """The mail of a delivery as it is sent."""
    delivery = Delivery.objects.select_related(*NEEDED).get(pk=delivery.pk)
    return compose(delivery, **kwargs).message().as_bytes(linesep="\r\n")


def sent(delivery, **kwargs):
    return parsed(bytes_of(delivery, **kwargs))


def parsed(data):
    return email.message_from_bytes(data, policy=compat32)


def header(mail, name):
    """A header as it is shown."""
    value = mail[name]
    return None if value is None else str(make_header(decode_header(value.replace("\r\n", "").replace("\n", ""))))


def part(mail, content_type):
    """The text of the first part of this type that is no file."""
    for found in mail.walk():
        if found.get_content_type() == content_type and found.get_filename() is None:
            return found.get_payload(decode=True).decode().replace("\r\n", "\n")
    raise AssertionError(f"There is no {content_type}.")


def text(mail):
    return part(mail, "text/plain")


def html(mail):
    return part(mail, "text/html")


def files(mail):
    """Names, types and bytes of what is attached."""
    return [
        (found.get_filename(), found.get_content_type(), found.get_payload(decode=True))
        for found in mail.walk()
        if found.get_content_disposition() == "attachment"
    ]


def attach(ticket, actor, name, content):
    """The id of a file that can be attached."""
    return add_file(ticket, filename=name, content=io.BytesIO(content), actor=actor).pk
