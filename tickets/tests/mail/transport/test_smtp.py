"""Whatever a mail server does, every recipient has a verdict, and in time."""

import errno
import socket
import time

import pytest

from tickets.tests.mail.smtp import Act, SmtpServer
from tickets.tests.mail.transport.conftest import BOB, CARLA, DORA, SENDER
from tickets.verdicts import Outcome

ACCEPTED, TEMPORARY, PERMANENT = Outcome.ACCEPTED, Outcome.TEMPORARY, Outcome.PERMANENT

LOGIN = ("inbox", "correct horse")
STEPS = ["CONNECT", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "END"]


@pytest.fixture
def guarded():
    """A server with every step there is."""
    with SmtpServer(tls="starttls", login=LOGIN) as server:
        yield server


@pytest.fixture
def guarded_transport(guarded, transport_to):
    return transport_to(guarded, username=LOGIN[0], password=LOGIN[1])


def verbs(server):
    return [line.split()[0] for _, line in server.commands]


def test_a_mail_arrives(server, transport_to, send):
    verdict = send(transport_to(server))[CARLA]

    assert (verdict.state, verdict.code, verdict.words) == (ACCEPTED, 250, "2.0.0 Taken")
    [received] = server.mails
    assert (received.sender, received.recipients) == (SENDER, (CARLA,))
    assert received.message["Message-ID"] == "<1@acme.example>"
    assert (1, "EHLO inbox.example") in server.commands


def test_a_mail_arrives_protected_and_with_a_login(guarded, guarded_transport, send):
    assert send(guarded_transport)[CARLA].state is ACCEPTED
    assert verbs(guarded) == ["EHLO", "STARTTLS", "EHLO", "AUTH", "MAIL", "RCPT", "DATA"]


# What is answered, at every step


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(("answer", "state"), [("451 4.3.0 Not now", TEMPORARY), ("554 5.7.1 Not you", PERMANENT)])
def test_the_code_says_at_every_step_whether_to_try_again(guarded, guarded_transport, send, step, answer, state):
    guarded.on(step, answer)
    if step == "EHLO":
        guarded.on("HELO", answer)

    verdict = send(guarded_transport)[CARLA]

    # A refused login is about a setting, which somebody can correct.
    assert verdict.state is (TEMPORARY if step == "AUTH" else state)
    assert (verdict.code, verdict.words) == (int(answer[:3]), answer[4:])
    assert not guarded.mails


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA", "END"])
@pytest.mark.parametrize("code", [530, 534, 535, 538])
def test_a_missing_login_is_tried_again_wherever_it_is_noticed(server, transport_to, send, step, code):
    server.on(step, f"{code} 5.7.0 Authentication required")

    assert send(transport_to(server))[CARLA].state is TEMPORARY


@pytest.mark.parametrize("step", [*STEPS, "BODY"])
@pytest.mark.parametrize("act", [Act.DROP, Act.STALL, Act.TRICKLE, Act.FLOOD])
def test_no_answer_is_tried_again_and_waited_for_in_bounds(guarded, transport_to, send, step, act):
    guarded.on(step, act)
    # To the mail itself, an answer may take all the time there is.
    limits = {"mail": 1} if step in ("BODY", "END") else {"step": 0.3}
    transport = transport_to(guarded, username=LOGIN[0], password=LOGIN[1], **limits)
    began = time.monotonic()

    verdict = send(transport)[CARLA]

    assert verdict.state is TEMPORARY
    assert verdict.code is None
    assert verdict.words.startswith(f"localhost:{guarded.port}: ")
    assert time.monotonic() - began < 10
    assert len(guarded.mails) == (step == "END")


def test_a_mail_as_a_whole_is_bounded_however_long_a_step_may_take(server, transport_to, send):
    server.on("MAIL", Act.TRICKLE)

    verdict = send(transport_to(server, step=1000, mail=0.3))[CARLA]

    assert (verdict.state, verdict.words) == (TEMPORARY, f"localhost:{server.port}: No answer in time.")


def test_a_server_that_does_not_read_holds_nobody(server, transport_to, mail):
    server.on("BODY", Act.STALL)
    # More than the buffers between the two hold.
    mail.body = "It is on its way.\n" * 1_000_000

    verdicts = transport_to(server, step=0.3).send(mail, sender=SENDER, recipients=[CARLA])

    assert verdicts[CARLA].state is TEMPORARY


@pytest.mark.parametrize("step", ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "END"])
@pytest.mark.parametrize("answer", ["HTTP/1.1 400 Bad Request", "199 Well", "399 Go on", "", "2500 Fine", "-1", "25"])
def test_nonsense_is_tried_again(server, transport_to, send, step, answer):
    if step == "DATA" and answer.startswith("3"):
        answer = "250 Never mind"
    server.on(step, answer)

    assert send(transport_to(server))[CARLA].state is TEMPORARY


@pytest.mark.parametrize("step", ["CONNECT", "EHLO", "MAIL", "RCPT"])
def test_an_answer_too_many_is_not_taken_for_the_next(server, transport_to, send, step):
    server.on(step, "220 Yes\r\n250 And yes")

    assert send(transport_to(server))[CARLA].state is TEMPORARY
    assert not server.mails


def test_the_older_greeting_will_do(server, transport_to, send):
    server.on("EHLO", "502 5.5.1 What?")

    assert send(transport_to(server))[CARLA].state is ACCEPTED
    assert verbs(server)[:2] == ["EHLO", "HELO"]
    assert server.mails[0].options == ()


# The end of a connection


def test_one_connection_serves_many_mails(server, transport_to, send):
    transport = transport_to(server)

    for _ in range(3):
        assert send(transport)[CARLA].state is ACCEPTED

    assert server.connections == 1
    assert verbs(server)[4:6] == ["RSET", "MAIL"]


def test_a_connection_that_was_closed_meanwhile_is_made_anew(server, transport_to, send):
    server.on("END", Act.CLOSE)
    transport = transport_to(server)

    assert [send(transport)[CARLA].state for _ in range(3)] == [ACCEPTED] * 3
    assert [received.connection for received in server.mails] == [1, 2, 3]


@pytest.mark.parametrize("step", ["RSET", "MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("act", ["421 4.7.0 Too many mails on this connection", Act.DROP])
def test_a_kept_connection_that_ends_before_the_mail_has_left_is_made_anew_at_once(
    server, transport_to, send, step, act
):
    transport = transport_to(server)
    send(transport)
    server.on(step, act, times=1)

    assert send(transport)[CARLA].state is ACCEPTED
    assert [received.connection for received in server.mails] == [1, 2]


def test_a_kept_connection_that_cannot_be_reset_is_made_anew(server, transport_to, send):
    server.on("RSET", "500 5.5.1 What?")
    transport = transport_to(server)
    send(transport)

    assert send(transport)[CARLA].state is ACCEPTED
    assert server.connections == 2


def test_a_new_connection_that_ends_is_not_tried_twice(server, transport_to, send):
    server.on("MAIL", "421 4.3.2 Going down")

    assert send(transport_to(server))[CARLA].state is TEMPORARY
    assert server.connections == 1


@pytest.mark.parametrize("step", ["BODY", "END"])
def test_a_mail_that_may_have_left_is_not_sent_again_at_once(server, transport_to, send, step):
    transport = transport_to(server)
    send(transport)
    server.on(step, Act.DROP, times=1)

    assert send(transport)[CARLA].state is TEMPORARY
    assert server.connections == 1


def test_a_mail_without_an_answer_to_it_arrives_again_with_the_same_message_id(server, transport_to, send):
    server.on("END", Act.DROP, times=1)
    transport = transport_to(server)

    assert send(transport)[CARLA].state is TEMPORARY
    assert send(transport)[CARLA].state is ACCEPTED
    assert [received.message["Message-ID"] for received in server.mails] == ["<1@acme.example>"] * 2


def test_a_refusal_costs_no_connection(server, transport_to, send):
    server.on("MAIL", "550 5.7.1 Not this one", times=1)
    transport = transport_to(server)

    assert send(transport)[CARLA].state is PERMANENT
    assert send(transport)[CARLA].state is ACCEPTED
    assert server.connections == 1


@pytest.mark.parametrize(
    ("limit", "connections"), [({"mails_per_connection": 2}, 3), ({"seconds_per_connection": 0}, 5)]
)
def test_a_connection_is_not_used_for_ever(server, transport_to, send, limit, connections):
    transport = transport_to(server, **limit)

    for _ in range(5):
        assert send(transport)[CARLA].state is ACCEPTED

    assert server.connections == connections
    assert verbs(server).count("QUIT") == connections - 1


@pytest.mark.parametrize("act", [Act.STALL, Act.DROP, "500 What?"])
def test_saying_goodbye_takes_no_time(server, transport_to, send, act):
    server.on("QUIT", act)
    transport = transport_to(server, step=0.3)
    send(transport)

    transport.close()
    transport.close()

    assert verbs(server)[-1] == "QUIT"


# Recipients


def test_each_recipient_has_a_verdict_of_its_own(server, transport_to, send):
    server.on("RCPT", "450 4.2.0 Greylisted", recipient=BOB)
    server.on("RCPT", "550 5.1.1 No such user", recipient=DORA)

    verdicts = send(transport_to(server), BOB, CARLA, DORA)

    assert {address: (verdict.state, verdict.code) for address, verdict in verdicts.items()} == {
        BOB: (TEMPORARY, 450),
        CARLA: (ACCEPTED, 250),
        DORA: (PERMANENT, 550),
    }
    assert [received.recipients for received in server.mails] == [(CARLA,)]


def test_a_mail_that_nobody_may_have_is_not_sent(server, transport_to, send):
    server.on("RCPT", "450 4.2.0 Greylisted", recipient=BOB).on("RCPT", "550 5.1.1 No such user", recipient=DORA)
    transport = transport_to(server)

    verdicts = send(transport, BOB, DORA)

    assert [verdict.state for verdict in verdicts.values()] == [TEMPORARY, PERMANENT]
    assert "DATA" not in verbs(server)
    assert send(transport)[CARLA].state is ACCEPTED
    assert server.connections == 1


@pytest.mark.parametrize("act", ["421 4.3.2 Going down", Act.DROP])
def test_what_was_said_before_the_connection_ended_holds(server, transport_to, send, act):
    server.on("RCPT", "550 5.1.1 No such user", recipient=BOB).on("RCPT", act, recipient=CARLA)

    verdicts = send(transport_to(server), BOB, CARLA, DORA)

    assert [verdicts[address].state for address in (BOB, CARLA, DORA)] == [PERMANENT, TEMPORARY, TEMPORARY]


@pytest.mark.parametrize(("answer", "state"), [("452 4.3.1 Disk full", TEMPORARY), ("554 5.6.0 Spam", PERMANENT)])
@pytest.mark.parametrize("step", ["DATA", "END"])
def test_what_is_said_of_the_mail_is_said_to_those_who_were_accepted(server, transport_to, send, answer, state, step):
    server.on("RCPT", "551 5.1.6 Moved", recipient=BOB).on(step, answer)

    verdicts = send(transport_to(server), BOB, CARLA, DORA)

    assert [verdicts[address].code for address in (BOB, CARLA, DORA)] == [551, int(answer[:3]), int(answer[:3])]
    assert verdicts[CARLA].state is verdicts[DORA].state is state


@pytest.mark.parametrize("answer", ["251 Will forward", "200"])
def test_whatever_begins_with_2_is_acceptance(server, transport_to, send, answer):
    server.on("END", answer)

    assert send(transport_to(server))[CARLA].state is ACCEPTED


# Logins


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
@pytest.mark.parametrize("password", ["correct horse", "pässword ✓"])
def test_a_login_by_either_way(transport_to, send, mechanism, password):
    with SmtpServer(login=("inbox", password), mechanisms=[mechanism]) as server:
        assert send(transport_to(server, username="inbox", password=password))[CARLA].state is ACCEPTED
        assert verbs(server)[1] == "AUTH"


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_a_wrong_password_is_tried_again_for_it_can_be_corrected(transport_to, send, mechanism):
    with SmtpServer(login=LOGIN, mechanisms=[mechanism]) as server:
        verdict = send(transport_to(server, username="inbox", password="wrong"))[CARLA]

    assert (verdict.state, verdict.code) == (TEMPORARY, 535)
    assert "credentials invalid" in verdict.words


def test_a_server_without_logins_is_not_sent_a_mail_without_one(server, transport_to, send):
    verdict = send(transport_to(server, username="inbox", password="secret"))[CARLA]

    assert verdict.state is TEMPORARY
    assert "AUTH" in verdict.words
    assert verbs(server) == ["EHLO"]


@pytest.mark.parametrize("echo", ["hunter2 is wrong", "AUTH PLAIN AGluYm94AGh1bnRlcjI=", "aHVudGVyMg=="])
def test_a_password_that_the_server_repeats_is_not_shown(transport_to, send, echo):
    with SmtpServer(login=LOGIN) as server:
        server.on("AUTH", f"535 5.7.8 {echo}")
        verdict = send(transport_to(server, username="inbox", password="hunter2"))[CARLA]

    assert verdict.words == "The login was refused."


# Protection


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_a_certificate_that_nobody_trusts_gets_no_mail(transport_to, send, tls):
    with SmtpServer(tls=tls, login=LOGIN) as server:
        verdict = send(transport_to(server, context=None, username=LOGIN[0], password=LOGIN[1]))[CARLA]

        assert verdict.state is TEMPORARY
        assert "certificate is not trusted" in verdict.words
        assert {"AUTH", "MAIL"}.isdisjoint(verbs(server))


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_a_certificate_for_another_name_gets_no_mail(transport_to, send, tls):
    with SmtpServer(tls=tls) as server:
        assert send(transport_to(server))[CARLA].state is ACCEPTED
        verdict = send(transport_to(server, host="127.0.0.1"))[CARLA]

    assert verdict.state is TEMPORARY
    assert "certificate" in verdict.words


def test_without_starttls_nothing_goes_in_the_clear(transport_to, send):
    with SmtpServer(tls="starttls", login=LOGIN, hidden=["STARTTLS"]) as server:
        verdict = send(transport_to(server, username=LOGIN[0], password=LOGIN[1]))[CARLA]

        assert (verdict.state, verdict.words) == (TEMPORARY, "The server does not offer STARTTLS.")
        assert verbs(server) == ["EHLO"]


def test_what_is_slipped_in_before_the_protection_is_noticed(transport_to, send):
    with SmtpServer(tls="starttls") as server:
        server.on("STARTTLS", "220 Go on\r\n250 AUTH PLAIN")
        verdict = send(transport_to(server))[CARLA]

    assert verdict.state is TEMPORARY
    assert verdict.words.endswith("The server said more than it was asked.")


def test_tls_with_a_server_that_speaks_none_is_tried_again(server, transport_to, send):
    server.tls = "tls"

    assert send(transport_to(server, step=1))[CARLA].state is TEMPORARY


# What the server offers


def test_a_mail_that_is_too_large_is_not_sent(transport_to, send):
    with SmtpServer(size=100) as server:
        verdict = send(transport_to(server))[CARLA]

        assert verdict.state is PERMANENT
        assert "at most 100" in verdict.words
        assert verbs(server) == ["EHLO"]


@pytest.mark.parametrize("limit", ["", " 0", " many", " " + "9" * 40])
def test_a_size_that_limits_nothing_limits_nothing(server, transport_to, send, limit):
    server.on("EHLO", f"250-mail.test\r\n250 SIZE{limit}").on("MAIL", "550 5.0.0 As far as this")

    assert send(transport_to(server))[CARLA].words == "5.0.0 As far as this"
    assert "SIZE=" in server.commands[1][1]


def test_the_size_is_that_of_the_mail(server, transport_to, send):
    server.size = 10_000
    send(transport_to(server))

    assert f"SIZE={len(server.mails[0].data)}" in server.mails[0].options


# Addresses


HOSTILE = [
    "carla@customer.example\r\nDATA",
    "carla@customer.example\nRCPT TO:<eve@evil.example>",
    "carla\r@customer.example",
    "carla\0@customer.example",
    "carla@customer.example> SIZE=1",
    "carla@customer.example>\x0bX",
    '"a"> NOTIFY=NEVER <"b"@customer.example',
    '"a\r\n"@customer.example',
    '"a\\\r\n"@customer.example',
    "carla@customer.example\u2028",
    "carla\ud800@customer.example",
    "Carla <carla@customer.example>",
    "carla@evil@customer.example",
    # Only some servers take these (RFC 6531), and the next one on the way may not.
    "jürgen@customer.example",
    "carla@bücher.example",
    "carla",
    "",
    " ",
]


@pytest.mark.parametrize("address", HOSTILE, ids=range(len(HOSTILE)))
def test_what_is_no_address_is_in_no_command(server, transport_to, send, address):
    verdicts = send(transport_to(server), address, CARLA)

    assert [verdict.state for verdict in verdicts.values()] == [PERMANENT, ACCEPTED]
    assert server.mails[0].recipients == (CARLA,)
    assert verbs(server) == ["EHLO", "MAIL", "RCPT", "DATA"]


@pytest.mark.parametrize("address", [a for a in HOSTILE if a], ids=range(len(HOSTILE) - 1))
def test_nor_is_such_a_sender(server, transport_to, send, address):
    assert send(transport_to(server), sender=address)[CARLA].state is PERMANENT
    assert not server.connections


@pytest.mark.parametrize(
    "address", ['"carla c"@customer.example', '"a>\\"b"@customer.example', "a@[127.0.0.1]", "o'x@y.z"]
)
def test_strange_addresses_are_addresses(server, transport_to, send, address):
    assert send(transport_to(server), address)[address].state is ACCEPTED
    assert (1, f"RCPT TO:<{address}>") in server.commands


def test_nobody_who_can_be_sent_to_is_nobody_asked(server, transport_to, send):
    assert send(transport_to(server), "carla")["carla"].state is PERMANENT
    assert not server.connections


def test_whoever_is_named_twice_gets_it_once(server, transport_to, send):
    assert list(send(transport_to(server), CARLA, CARLA)) == [CARLA]
    assert server.mails[0].recipients == (CARLA,)


def test_mail_that_nobody_should_answer_has_no_sender(server, transport_to, send):
    send(transport_to(server), sender="")

    assert server.commands[1][1].startswith("MAIL FROM:<>")


@pytest.mark.parametrize("field", ["subject", "from_email"])
def test_a_header_with_a_line_break_is_never_sent(server, transport_to, send, mail, field):
    setattr(mail, field, "Hello\r\nBcc: eve@evil.example")

    assert send(transport_to(server))[CARLA].state is PERMANENT
    assert not server.connections


# The network


def test_a_server_that_is_not_there_is_tried_again(server, transport_to, send):
    with socket.create_server(("127.0.0.1", 0)) as gone:
        server.port = gone.getsockname()[1]

    verdict = send(transport_to(server))[CARLA]

    assert verdict.state is TEMPORARY
    assert verdict.words == f"localhost:{server.port}: Connection refused"


@pytest.mark.parametrize(
    "failure",
    [
        socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"),
        socket.gaierror(socket.EAI_NONAME, "Name or service not known"),
        OSError(errno.ENETUNREACH, "Network is unreachable"),
    ],
    ids=lambda failure: failure.strerror,
)
def test_a_name_that_leads_nowhere_is_tried_again(server, transport_to, send, monkeypatch, failure):
    def getaddrinfo(*_, **__):
        raise failure

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    verdict = send(transport_to(server))[CARLA]

    assert verdict.state is TEMPORARY
    assert failure.strerror in verdict.words


@pytest.mark.parametrize("host", ["a" * 70 + ".example", "a..example", "a\0b"])
def test_a_name_that_is_none_is_tried_again(server, transport_to, send, host):
    assert send(transport_to(server, host=host))[CARLA].state is TEMPORARY


def test_the_next_address_is_tried_where_one_leads_nowhere(server, transport_to, send, monkeypatch):
    nowhere = (255, socket.SOCK_STREAM, 0, "", ("", 0))
    here = (socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", server.port))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [nowhere, here])

    assert send(transport_to(server))[CARLA].state is ACCEPTED


def test_an_address_that_is_not_permitted_is_not_contacted(server, transport_to, send):
    asked = []

    verdict = send(transport_to(server, permits=asked.append))[CARLA]

    assert verdict.state is TEMPORARY
    assert "no mail may be sent" in verdict.words
    assert "127.0.0.1" in asked
    assert not server.connections


def test_the_address_that_was_permitted_is_the_one_that_is_used(server, transport_to, send, monkeypatch):
    """A name that leads elsewhere the second time leads nowhere: nobody asks twice."""
    asked = []

    def getaddrinfo(host, port, **_):
        asked.append(host)
        addresses = [("192.0.2.1", port), ("127.0.0.1", port)]
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", address) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    transport = transport_to(server, host="mail.example", permits=lambda address: address == "127.0.0.1")

    assert send(transport)[CARLA].state is ACCEPTED
    assert asked == ["mail.example"]


# Words


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("550-5.1.1 No such user\r\n550 5.1.1 Really", "5.1.1 No such user 5.1.1 Really"),
        ("550 \x1b[31mred\x07\tbell", "[31mred bell"),
        ("550 \u202eevil\u2066", "evil"),
        (b"550 Gr\xfc\xdfe", "Gr��e"),
        ("550 Grüße", "Grüße"),
        ("550 " + "x" * 5_000, "x" * 499 + "…"),
        ("550", ""),
    ],
    ids=range(7),
)
def test_the_servers_words_are_safe_to_show(server, transport_to, send, answer, words):
    server.on("RCPT", answer)

    verdict = send(transport_to(server))[CARLA]

    assert (verdict.state, verdict.code, verdict.words) == (PERMANENT, 550, words)
