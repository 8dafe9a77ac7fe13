"""An outgoing mail, made from the rows: the same each time, as long as the rows are.

What a customer or a client typed stands in the subject, the text and the names of files, and in no other header. The
names of people stand nowhere: From has the mailbox's name, To and Cc are bare addresses, and a quotation tells whose it
is in the same way. What a workspace calls its customers, and how its members are called, is its own business.
"""

import datetime as dt
from email.utils import format_datetime

from accounts.addresses import wire_address
from tickets.files.kinds import MARKUP, UNKNOWN_TYPE
from tickets.files.stores import file_store
from tickets.html import text_to_html, without_images
from tickets.mail.addresses import cc_of, mailbox_of, reply_address, signature_of, to_of
from tickets.mail.headers import one_line
from tickets.mail.history import History, history_of
from tickets.mail.mime import ComposedMail, Part, file_part
from tickets.models import Attachment, Delivery, Message, Ticket
from tickets.models.ticket import SUBJECT_LENGTH
from tickets.workflow import AuthorKind

# What a delivery is best fetched with (`select_related`).
NEEDED = ("message__ticket__requester", "message__ticket__mailbox", "message__ticket__workspace")
# How much of each quoted message is shown.
QUOTED_LENGTH = 10_000
_CUT = " […]"
# What mail programs put before the subject of an answer, in the languages where it is common.
_ANSWERS = ("re:", "aw:", "sv:", "antw:")
_CITE = '<blockquote type="cite" style="margin:0 0 0 .8ex;border-left:1px solid #ccc;padding-left:1ex">'


class CannotCompose(Exception):
    """There is no way to make this mail, now or later. The words say why."""


def compose(delivery: Delivery, *, quote_anyway: bool = False) -> ComposedMail:
    """The mail of a delivery, from what is stored. Reads the database and the file store, and sends nothing.

    Message-ID and Date are those of the row and its message: a retry is the same mail. To addressees who do not take
    part in the ticket, what was said before is quoted with `quote_anyway` only. Raises CannotCompose for a note, and
    without a mailbox to send from or a file; what the store raises when it does not answer goes through.
    """
    message: Message = delivery.message
    ticket: Ticket = message.ticket
    mailbox = mailbox_of(delivery)
    if message.is_internal:
        raise CannotCompose("This is a note. Notes never leave by mail.")
    if mailbox is None:
        raise CannotCompose("The workspace has no mailbox to send from.")
    name = mailbox.name or ticket.workspace.name
    to, cc = to_of(delivery), cc_of(delivery)
    history = history_of(message, [*to, *cc], quote_anyway=quote_anyway)
    signature = _lines_of(signature_of(mailbox)).strip()
    mail = ComposedMail(
        sender=(name, _sent(mailbox.address)),
        answers_to=(name, _sent(reply_address(ticket, mailbox))),
        subject=subject_of(ticket, is_reply=history.is_reply),
        body=_text_of(message, signature, history, name),
        to=[_sent(address) for address in to],
        cc=[_sent(address) for address in cc],
        headers=_headers_of(delivery, history),
    )
    mail.attach_alternative(_html_of(message, signature, history, name), "text/html")
    if message.attachment_count:
        files = Attachment.objects.filter(workspace_id=message.workspace_id, message=message)
        for attachment in files.order_by("pk"):
            mail.attach(_attached(attachment))
    return mail


def _sent(address: str) -> str:
    try:
        return wire_address(address)
    except ValueError:
        raise CannotCompose(f"Nothing can be sent to or from {address}.") from None


def subject_of(ticket: Ticket, *, is_reply: bool) -> str:
    """The subject with the number of the ticket before it, once, and one `Re:` before that when something is answered.

    In front, because there programs that compare subjects leave out what stands in brackets (RFC 5256, section 2.1):
    to them it is the subject of the customer's own mail.
    """
    mark = f"[#{ticket.number}]"
    subject = one_line(ticket.subject.replace(mark, " "))
    while subject.lower().startswith(_ANSWERS):
        subject = subject.partition(":")[2].lstrip()
    return f"{'Re: ' if is_reply else ''}{mark} {subject[:SUBJECT_LENGTH]}".rstrip()


def _headers_of(delivery: Delivery, history: History) -> dict[str, str]:
    # Outlook's Thread-Topic and Thread-Index are left to Exchange: it makes them of these.
    headers = {
        # When it was written; RFC 5322, section 3.6.1. A retry, or a mail that was held, is no younger.
        "Date": format_datetime(delivery.message.created_at.astimezone(dt.UTC)),
        "Message-ID": delivery.internet_message_id,
    }
    if history.references:
        headers["In-Reply-To"] = history.references[-1]
        headers["References"] = " ".join(history.references)
    if delivery.message.author_kind == AuthorKind.SYSTEM:
        # RFC 3834, section 5: no machine may answer.
        headers["Auto-Submitted"] = "auto-generated"
    return headers


# The text and the HTML


def _text_of(message: Message, signature: str, history: History, our_name: str) -> str:
    """Not flowed (RFC 3676): lines are as they were typed, and every program of today wraps long ones itself."""
    parts = [_lines_of(message.body).rstrip()]
    if signature:
        # Everything behind this mark is left out of answers.
        parts.append(f"-- \n{signature}")
    for mail in history.quoted:
        lines = "\n".join(_quoted_line(line) for line in _shortened(_lines_of(mail.body).rstrip()).split("\n"))
        parts.append(f"{_introduction(mail, our_name)}\n{lines}")
    return "\n\n".join(parts) + "\n"


def _quoted_line(line: str) -> str:
    # What is quoted already gets no blank between the signs (RFC 3676, section 4.5); an empty line, none behind it.
    return f">{line}" if not line or line.startswith(">") else f"> {line}"


def _html_of(message: Message, signature: str, history: History, our_name: str) -> str:
    parts = [f'<div dir="auto">{_content_of(message)}</div>']
    if signature:
        parts.append(f'<div dir="auto"><br>-- <br>\n{text_to_html(signature)}</div>')
    for mail in history.quoted:
        words = text_to_html(_introduction(mail, our_name))
        content = _content_of(mail, limit=QUOTED_LENGTH)
        parts.append(f'<br>\n<div dir="auto">{words}</div>\n{_CITE}<div dir="auto">{content}</div></blockquote>')
    body = "\n".join(parts)
    return f'<!DOCTYPE html>\n<html><head><meta charset="utf-8"></head><body>\n{body}\n</body></html>\n'


def _content_of(message: Message, *, limit: int | None = None) -> str:
    """The HTML of a message; of its text where it has none, or one that is longer than `limit`: HTML cannot be cut."""
    if message.body_html and (limit is None or len(message.body_html) <= limit):
        return without_images(_lines_of(message.body_html))
    text = _lines_of(message.body).rstrip()
    return text_to_html(text if limit is None else _shortened(text))


def _introduction(mail: Message, our_name: str) -> str:
    author = our_name if mail.contact is None else mail.contact.email
    return f"On {mail.created_at.astimezone(dt.UTC):%Y-%m-%d at %H:%M} UTC, {one_line(author)} wrote:"


def _shortened(text: str) -> str:
    return text if len(text) <= QUOTED_LENGTH else text[:QUOTED_LENGTH] + _CUT


def _lines_of(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _attached(attachment: Attachment) -> Part:
    try:
        with file_store().open(attachment.key) as file:
            return file_part(_sent_as(attachment.content_type), attachment.filename, file)
    except FileNotFoundError:
        raise CannotCompose(f"The file {attachment.filename} is gone.") from None


def _sent_as(content_type: str) -> str:
    """The type of a file, but for what a mail program would take for a part of the mail, or show as a page."""
    # Message types must not be in base64 (RFC 2046, section 5.2.1), and nothing else keeps the bytes as they are.
    if content_type in MARKUP or content_type.startswith(("multipart/", "message/")):
        return UNKNOWN_TYPE
    return content_type
