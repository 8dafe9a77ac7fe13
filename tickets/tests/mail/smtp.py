"""A mail server for tests that misbehaves when told to: aiosmtpd, on loopback, on a free port, in a thread.

    with SmtpServer() as server:
        server.on("RCPT", "550 5.1.1 No such user", recipient="bob@customer.example")
        server.on("END", Act.DROP, times=1)
        ...  # send to server.host, server.port
        server.wait_for(2)
        assert server.mails[0].recipients == ("carla@customer.example",)

The steps are CONNECT, EHLO, HELO, STARTTLS, AUTH, MAIL, RCPT, DATA (its first answer), BODY (while the mail arrives),
END (the answer to the mail), RSET and QUIT. What happens there is an answer, or one of `Act`. A mail counts as received
unless END answers with 4xx or 5xx: also when the connection is dropped instead of an answer.

`smtp_process` runs the same in a process of its own, for tests in which the server has to outlive somebody.
"""

import asyncio
import base64
import contextlib
import email
import email.policy
import enum
import functools
import json
import socket
import ssl
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult

# Self-made, for the name localhost; the key is in the same file.
CERTIFICATE = Path(__file__).with_name("localhost.pem")
# How long anything may take before a test has failed.
PATIENCE = 30
_ROOT = Path(__file__).resolve().parents[3]


class Act(enum.Enum):
    """What a server can do instead of answering."""

    DROP = "close the connection without an answer"
    STALL = "never answer"
    TRICKLE = "answer a byte now and then, and never to the end"
    FLOOD = "answer without an end"
    CLOSE = "answer as usual, then close the connection"


@dataclass(frozen=True)
class Received:
    """A mail as it arrived, and on which connection (counted from 1)."""

    sender: str
    recipients: tuple[str, ...]
    data: bytes
    options: tuple[str, ...]
    connection: int

    @property
    def message(self):
        return email.message_from_bytes(self.data, policy=email.policy.default)


@dataclass
class Rule:
    step: str
    act: object
    recipient: str | None
    times: int | None


class SmtpServer:
    """The server: `mails`, `commands` as (connection, line) and `connections` tell what happened.

    `tls` is None, "starttls" or "tls"; `login` is (user, password), asked for by `mechanisms`; `size` the largest mail
    it takes; `hidden` names what it does not offer in its answer to EHLO.
    """

    host = "localhost"

    def __init__(self, *, tls=None, login=None, mechanisms=("PLAIN", "LOGIN"), size=None, hidden=()):
        self.mechanisms = mechanisms
        self.tls, self.login, self.size, self.hidden = tls, login, size, tuple(hidden)
        self.mails, self.commands, self.connections = [], [], 0
        self.received = None
        self._rules = []
        self._changed = threading.Condition()

    def on(self, step, act, *, recipient=None, times=None):
        """From now on: do this at this step; for RCPT, of this recipient; so many times, or always.

        Of several rules, the first that was given and is not used up counts.
        """
        with self._changed:
            self._rules.append(Rule(step, act, recipient, times))
        return self

    def behave(self):
        """Forget all rules."""
        with self._changed:
            self._rules.clear()

    def wait_for(self, count):
        """Wait until so many mails have arrived, and answer them all."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.mails) >= count, PATIENCE), f"{len(self.mails)} of {count}"
            return list(self.mails)

    def wait_until(self, holds):
        """Wait until something holds of the mails that have arrived; asked again with each, and every second."""
        for _ in range(2 * PATIENCE):
            with self._changed:
                mails = list(self.mails)
            if holds(mails):
                return
            with self._changed:
                self._changed.wait(1)
        raise AssertionError(f"It never was so; {len(self.mails)} mails have arrived.")

    def __enter__(self):
        # Loopback by IPv4 alone: the name is tried by IPv6 first, where nobody listens.
        listener = socket.create_server(("127.0.0.1", 0))
        self.port = listener.getsockname()[1]
        started = threading.Event()
        self._thread = threading.Thread(target=asyncio.run, args=[self._serve(listener, started)], daemon=True)
        self._thread.start()
        assert started.wait(PATIENCE)
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()

    async def _serve(self, listener, started):
        self._loop, self._stopped = asyncio.get_running_loop(), asyncio.Event()
        self._sessions = set()
        implicit = _server_context() if self.tls == "tls" else None
        server = await self._loop.create_server(lambda: _Session(self), sock=listener, ssl=implicit)
        started.set()
        await self._stopped.wait()
        server.close()
        await asyncio.gather(*(session.end() for session in list(self._sessions)))

    def _take(self, step, recipient=None):
        """What is to be done at this step; None: the usual."""
        with self._changed:
            for rule in self._rules:
                if rule.step == step and rule.times != 0 and rule.recipient in (None, recipient):
                    if rule.times is not None:
                        rule.times -= 1
                    return rule.act
        return None

    def _note(self, mail):
        with self._changed:
            self.mails.append(mail)
            self._changed.notify_all()
        if self.received is not None:
            self.received(mail)


class _Session(SMTP):
    """One connection. Every command passes `_command`, where the rules are asked."""

    def __init__(self, server):
        super().__init__(
            self,
            data_size_limit=server.size,
            enable_SMTPUTF8=True,
            hostname="mail.test",
            ident="ESMTP",
            tls_context=_server_context() if server.tls == "starttls" else None,
            auth_require_tls=False,
            auth_exclude_mechanism={"PLAIN", "LOGIN"} - set(server.mechanisms),
            authenticator=self._check_login,
            loop=asyncio.get_running_loop(),
        )
        self.server = server
        self.number = 0
        self._smtp_methods = {
            name: functools.partial(self._command, name, method) for name, method in self._smtp_methods.items()
        }

    def abort(self):
        if self.transport is not None:
            self.transport.abort()

    async def end(self):
        self.abort()
        self._handler_coroutine.cancel()
        await asyncio.wait([self._handler_coroutine])

    async def _handle_client(self):
        self.server.connections += 1
        self.number = self.server.connections
        self.server._sessions.add(self)
        try:
            act = self.server._take("CONNECT")
            if act is None:
                await super()._handle_client()
            else:
                await self._do(act)
                self.transport.close()
        finally:
            self._writer.close()
            self.server._sessions.discard(self)

    async def _command(self, name, method, argument):
        self.server.commands.append((self.number, name if argument is None else f"{name} {argument}"))
        recipient = argument.removeprefix("TO:<").removesuffix(">") if name == "RCPT" else None
        act = self.server._take(name, recipient)
        if act is None:
            await method(argument)
        else:
            await self._do(act, functools.partial(method, argument))

    async def _do(self, act, usual=None):
        """An answer, or what there is instead of one."""
        if isinstance(act, str | bytes):
            await self.push(act)
            if act[:3] in ("421", b"421"):
                self.transport.close()
            return
        if act is Act.CLOSE:
            await usual()
            self.transport.close()
        if act is Act.DROP:
            self.abort()
        with contextlib.suppress(ConnectionError):
            while act is Act.FLOOD:
                await self.push("250-And so on\r\n" * 1000 + "250-")
                # A round of the loop, in which the client may have gone.
                await asyncio.sleep(0)
            while act is Act.TRICKLE:
                self._writer.write(b".")
                await asyncio.sleep(0.01)
        # Until the client goes: that ends this task.
        await asyncio.Event().wait()

    async def smtp_DATA(self, argument):
        act = self.server._take("BODY")
        if act is None:
            await super().smtp_DATA(argument)
        else:
            await self.push("354 Go on")
            await self._reader.readuntil(b"\r\n")
            await self._do(act)

    async def handle_EHLO(self, _server, session, _envelope, hostname, answers):
        session.host_name = hostname
        hidden = self.server.hidden if self.server.login else (*self.server.hidden, "AUTH")
        kept = [answer for answer in answers if answer[4:].split()[0] not in hidden]
        return [f"250-{answer[4:]}" for answer in kept[:-1]] + [f"250 {kept[-1][4:]}"]

    async def handle_DATA(self, _server, _session, envelope):
        act = self.server._take("END")
        if not (isinstance(act, str | bytes) and act[:1] in ("4", "5", b"4", b"5")):
            options = tuple(envelope.mail_options)
            mail = Received(envelope.mail_from, tuple(envelope.rcpt_tos), envelope.content, options, self.number)
            self.server._note(mail)
        if act is None:
            return "250 2.0.0 Taken"
        if isinstance(act, str | bytes) and act[:3] != "421":
            return act
        await self._do(act, functools.partial(self.push, "250 2.0.0 Taken"))
        return await asyncio.Event().wait()

    def _check_login(self, _server, _session, _envelope, _mechanism, data):
        user, password = self.server.login
        right = (data.login, data.password) == (user.encode(), password.encode())
        return AuthResult(success=right, handled=False)


@functools.cache
def _server_context():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


def trusting_context():
    """A client's context that trusts the server's certificate."""
    return ssl.create_default_context(cafile=CERTIFICATE)


@contextlib.contextmanager
def smtp_process(*rules):
    """The server in a process of its own: its port, and an iterator of its mails, which waits for the next to arrive.

    A rule is (step, answer or the name of an Act, times or None).
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "tickets.tests.mail.smtp", json.dumps(rules)],
        cwd=_ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield int(process.stdout.readline()), map(_from_line, process.stdout)
        finally:
            process.kill()


def _to_line(mail):
    data = base64.b64encode(mail.data).decode()
    return json.dumps([mail.sender, mail.recipients, data, mail.options, mail.connection]) + "\n"


def _from_line(line):
    sender, recipients, data, options, connection = json.loads(line)
    return Received(sender, tuple(recipients), base64.b64decode(data), tuple(options), connection)


def _main():
    """Serve until standard input ends; the port, then a line for each mail, go to standard output."""

    def write(line):
        sys.stdout.write(line)
        sys.stdout.flush()

    server = SmtpServer()
    server.received = lambda mail: write(_to_line(mail))
    for step, act, times in json.loads(sys.argv[1]):
        server.on(step, Act[act] if act in Act.__members__ else act, times=times)
    with server:
        write(f"{server.port}\n")
        sys.stdin.read()


if __name__ == "__main__":
    _main()
