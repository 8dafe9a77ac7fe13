"""Mail by SMTP (RFC 5321): a connection that is kept from mail to mail, and what became of each recipient.

Of the standard library's `smtplib` the commands are used, not `sendmail`: its time-outs start anew with every byte that
arrives, and replies have no end. Here every answer and every mail has its time, and whatever a server or a network does
becomes a verdict.
"""

import base64
import contextlib
import functools
import re
import smtplib
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.core.mail import EmailMessage

from tickets.mail.letter import Letter
from tickets.verdicts import Outcome, Verdict, accepted, permanent, temporary
from workspaces.models import SmtpSecurity

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_PIECE = 64 * 1024
_LONGEST_REPLY = 64 * 1024
_LINE = re.compile(rb"([2-5]\d\d)(?:([ -])(.*))?", re.DOTALL)
# 421: the server says that it closes the connection.
_CLOSING = 421
# RFC 4954 and RFC 3207: who we are, or that we did not say so safely enough, is refused. That is about a setting, which
# can be corrected, and not about the mail.
_OF_THE_SETTINGS = {530, 534, 535, 538}


@dataclass(frozen=True)
class Server:
    """Where to send, how protected (there is no "if the server can"), and as whom."""

    host: str
    port: int
    security: SmtpSecurity = SmtpSecurity.NONE
    username: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True)
class Limits:
    """How many seconds a step and a mail as a whole may take, and how long a connection is used."""

    step: float
    mail: float
    mails_per_connection: int = 100
    seconds_per_connection: float = 300


class _Refused(Exception):
    """A step that concerns every recipient was refused."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.words)
        self.verdict = verdict


class SmtpTransport:
    """Sends through one server, over a connection that it keeps. For one thread at a time.

    `name` is what we call ourselves; `permits` is asked about each address that the host's name leads to.
    """

    def __init__(
        self,
        server: Server,
        limits: Limits,
        *,
        name: str,
        permits: Callable[[str], bool] = lambda address: True,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._server = server
        self._limits = limits
        self._name = name
        self._permits = permits
        self._context = context
        self._wire: _Wire | None = None

    def send(self, mail: EmailMessage, *, sender: str, recipients: Sequence[str]) -> dict[str, Verdict]:
        """Try once to send the mail; what became of each recipient, whatever happened.

        5xx is permanent, 4xx temporary, at each step and for each recipient. So is everything about the connection:
        also its end after the last dot, where nobody knows whether the mail was taken. A retry has the same Message-ID.
        """
        try:
            letter = Letter.of(mail, sender, recipients)
        except ValueError as error:
            return dict.fromkeys(recipients, permanent(f"This mail cannot be written: {error}"))
        if not letter.recipients:
            return letter.refused
        deadline = time.monotonic() + self._limits.mail
        if self._wire is not None and self._wire.is_worn(self._limits):
            self.close()
        is_kept = self._wire is not None
        verdicts, is_closed = self._attempt(letter, deadline)
        if is_kept and is_closed and not letter.has_left:
            # Servers close connections they find idle or long enough in use. That says nothing about this mail.
            verdicts, _ = self._attempt(letter, deadline)
        return verdicts

    def close(self) -> None:
        """Say goodbye, without waiting long for an answer."""
        if self._wire is not None:
            with contextlib.suppress(OSError):
                self._wire.deadline = time.monotonic() + min(1, self._limits.step)
                self._wire.docmd("QUIT")
            self._drop()

    def _drop(self) -> None:
        if self._wire is not None:
            self._wire.close()
            self._wire = None

    def _attempt(self, letter: Letter, deadline: float) -> tuple[dict[str, Verdict], bool]:
        """The verdicts of one attempt on one connection, and whether the connection has ended."""
        verdicts = dict(letter.refused)
        try:
            self._transact(self._ready(deadline), letter, verdicts)
            return verdicts, False
        except _Refused as refused:
            rest, is_closed = refused.verdict, refused.verdict.code == _CLOSING
        except OSError as error:
            where = f"{self._server.host}:{self._server.port}"
            rest, is_closed = temporary(f"{where}: {_describe(error)}"), True
        if is_closed:
            self._drop()
        return {**dict.fromkeys(letter.recipients, rest), **verdicts}, is_closed

    def _ready(self, deadline: float) -> "_Wire":
        """The kept connection, ready for the next mail, or a new one."""
        if self._wire is None:
            wire = _Wire(self._server, self._limits.step, self._name, deadline)
            try:
                wire.open(self._permits, self._context)
            except BaseException:
                wire.close()
                raise
            self._wire = wire
        else:
            self._wire.deadline = deadline
            code, text = self._wire.docmd("RSET")
            if code // 100 != 2:
                raise ConnectionError(text.decode(errors="replace"))
        self._wire.mails += 1
        return self._wire

    def _transact(self, wire: "_Wire", letter: Letter, verdicts: dict[str, Verdict]) -> None:
        """Hand the letter over. Adds verdicts of recipients; raises _Refused or OSError for those that have none."""
        wire.ask("MAIL", f"FROM:<{letter.sender}>{_options(wire, letter.data)}")
        taken_by = []
        for address in letter.recipients:
            verdict = _judge(*wire.docmd("RCPT", f"TO:<{address}>"))
            if verdict.code == _CLOSING:
                raise _Refused(verdict)
            if verdict.state is Outcome.ACCEPTED:
                taken_by.append(address)
            else:
                verdicts[address] = verdict
        if taken_by:
            wire.ask("DATA", wanted=3)
            letter.has_left = True
            verdict = wire.hand_over(letter.data)
            verdicts.update(dict.fromkeys(taken_by, verdict))
            if verdict.code == _CLOSING:
                raise _Refused(verdict)


def _options(wire: "_Wire", data: bytes) -> str:
    """The parameters of MAIL. Raises _Refused for a mail that is larger than the server takes."""
    options = ""
    if wire.has_extn("size"):
        limit = wire.esmtp_features["size"]
        if limit.isdecimal() and 0 < int(limit[:20]) < len(data):
            raise _Refused(permanent(f"The mail has {len(data)} bytes, and the server takes at most {limit[:20]}."))
        options += f" SIZE={len(data)}"
    if not data.isascii() and wire.has_extn("8bitmime"):
        options += " BODY=8BITMIME"
    return options


class _Wire(smtplib.SMTP):
    """A connection to an SMTP server on which nothing outlasts `deadline`, and no answer `step` seconds."""

    def __init__(self, server: Server, step: float, name: str, deadline: float) -> None:
        # Without a host, it does not connect.
        super().__init__(local_hostname=name)
        self.server = server
        self.step = step
        self.deadline = deadline
        self.opened_at = time.monotonic()
        self.mails = 0
        self._received = b""

    def is_worn(self, limits: Limits) -> bool:
        """Whether this connection was used long enough."""
        age = time.monotonic() - self.opened_at
        return self.mails >= limits.mails_per_connection or age >= limits.seconds_per_connection

    def open(self, permits: Callable[[str], bool], context: ssl.SSLContext | None) -> None:
        """Connect, greet, protect, log in. Raises OSError and _Refused."""
        self.sock = self._connect(permits)
        if self.server.security is SmtpSecurity.TLS:
            self._protect(context)
        self._expect(self.getreply())
        self._greet()
        if self.server.security is SmtpSecurity.STARTTLS:
            if not self.has_extn("starttls"):
                raise _Refused(temporary("The server does not offer STARTTLS."))
            self.ask("STARTTLS")
            self._protect(context)
            self._greet()
        if self.server.username:
            self._log_in()

    def _connect(self, permits: Callable[[str], bool]) -> socket.socket:
        """A socket to the first address that answers. The name is resolved once: what was permitted is what is used.

        How long the name may take is for the resolver to say (resolv.conf).
        """
        try:
            found = socket.getaddrinfo(self.server.host, self.server.port, type=socket.SOCK_STREAM)
        except ValueError as error:
            raise OSError("This is no name of a host.") from error
        failure = OSError("The name leads to no address.")
        for family, kind, protocol, _, address in found:
            if not permits(str(address[0])):
                failure = PermissionError("The name leads to an address to which no mail may be sent.")
                continue
            try:
                connecting = socket.socket(family, kind, protocol)
            except OSError as error:
                failure = error
                continue
            try:
                connecting.settimeout(self._patience(time.monotonic() + self.step))
                connecting.connect(address)
                # The end of a mail must not wait for the server to acknowledge its beginning.
                connecting.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError as error:
                connecting.close()
                failure = error
            else:
                return connecting
        raise failure

    def _protect(self, context: ssl.SSLContext | None) -> None:
        """Go on with TLS. The certificate must be the host's, by its name, whatever address that led to."""
        assert self.sock is not None
        self._must_be_silent()
        self.sock.settimeout(self._patience(time.monotonic() + self.step))
        self.sock = (context or _trusted()).wrap_socket(self.sock, server_hostname=self.server.host)

    def _greet(self) -> None:
        """EHLO, or HELO for a server that does not know it."""
        # What was offered before the connection was protected, anybody may have offered.
        self.esmtp_features = {}
        answer = self.ehlo()
        self._expect(self.helo() if answer[0] // 100 == 5 else answer)

    def _log_in(self) -> None:
        """Raises _Refused, always a temporary one: a wrong password is an error that somebody can correct."""
        user, password = (_base64(text) for text in (self.server.username, self.server.password))
        plain = _base64(f"\0{self.server.username}\0{self.server.password}")
        offered = self.esmtp_features.get("auth", "").upper().split()
        if "PLAIN" in offered:
            code, text = self.docmd("AUTH", f"PLAIN {plain}")
        elif "LOGIN" in offered:
            code, text = self.docmd("AUTH", "LOGIN")
            for line in (user, password):
                if code // 100 == 3:
                    code, text = self.docmd(line)
        else:
            raise _Refused(temporary("The server offers neither AUTH PLAIN nor AUTH LOGIN."))
        if code // 100 != 2:
            words = text.decode(errors="replace")
            echoed = any(secret in words for secret in (self.server.password, password, plain))
            raise _Refused(temporary("The login was refused." if echoed else words, code))

    def ask(self, command: str, arguments: str = "", *, wanted: int = 2) -> None:
        """One command. Raises _Refused unless the answer's code begins with `wanted`."""
        self._expect(self.docmd(command, arguments), wanted)

    def hand_over(self, data: bytes) -> Verdict:
        """What the server says to the mail itself. It has all the time that is left: to ask again makes a double."""
        # A mail begins with a header, not with a dot.
        self.send(data.replace(b"\r\n.", b"\r\n.."))
        self.send(b".\r\n")
        return _judge(*self._reply(self.deadline))

    def _expect(self, answer: tuple[int, bytes], wanted: int = 2) -> None:
        verdict = _judge(*answer, wanted)
        if verdict.state is not Outcome.ACCEPTED:
            raise _Refused(verdict)

    def send(self, s: "ReadableBuffer | str") -> None:
        """Send in pieces: a server that reads slowly has time for each of them, and for all together."""
        assert self.sock is not None
        self._must_be_silent()
        rest = memoryview(s.encode() if isinstance(s, str) else s)
        while rest:
            self.sock.settimeout(self._patience(time.monotonic() + self.step))
            self.sock.sendall(rest[:_PIECE])
            rest = rest[_PIECE:]

    def _must_be_silent(self) -> None:
        """Raises ConnectionError for a server that said more than it was asked.

        It would be taken for the answer to what comes next, or, before TLS, have been said by anybody.
        """
        if self._received:
            raise ConnectionError("The server said more than it was asked.")

    def getreply(self) -> tuple[int, bytes]:
        """The code and the text of a reply, its lines with line feeds between. Raises OSError."""
        return self._reply(time.monotonic() + self.step)

    def _reply(self, until: float) -> tuple[int, bytes]:
        text: list[bytes] = []
        for line in self._lines(until):
            match = _LINE.fullmatch(line)
            if match is None:
                raise ConnectionError(f"This is no reply of SMTP: {line[:100].decode(errors='replace')}")
            text.append(match[3] or b"")
            if match[2] != b"-":
                return int(match[1]), b"\n".join(text)
        raise ConnectionError("The server closed the connection.")

    def _lines(self, until: float) -> Iterator[bytes]:
        """The lines that arrive, until the server closes the connection."""
        size = 0
        while True:
            line, end, rest = self._received.partition(b"\n")
            if end:
                self._received = rest
                yield line.rstrip(b"\r")
                continue
            assert self.sock is not None
            self.sock.settimeout(self._patience(until))
            arrived = self.sock.recv(4096)
            size += len(arrived)
            if not arrived:
                return
            if size > _LONGEST_REPLY:
                raise ConnectionError("The server's reply has no end.")
            self._received += arrived

    def _patience(self, until: float) -> float:
        """The seconds to wait. Raises TimeoutError when there are none left."""
        left = min(until, self.deadline) - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


def _judge(code: int, text: bytes, wanted: int = 2) -> Verdict:
    """What a reply means. Raises ConnectionError for one that is no refusal and does not begin with `wanted`."""
    words = text.decode(errors="replace")
    if code // 100 == wanted:
        return accepted(words, code)
    if code // 100 < 4:
        raise ConnectionError(f"The server answered out of turn: {code} {words}")
    if code // 100 == 5 and code not in _OF_THE_SETTINGS:
        return permanent(words, code)
    return temporary(words, code)


def _describe(error: OSError) -> str:
    """What went wrong on the way, in words."""
    if isinstance(error, TimeoutError):
        return "No answer in time."
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"The certificate is not trusted: {error.verify_message}"
    return error.strerror or str(error) or type(error).__name__


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@functools.cache
def _trusted() -> ssl.SSLContext:
    """TLS with certificates that this machine trusts (or those of SSL_CERT_FILE), for the name that was asked for."""
    return ssl.create_default_context()
