"""Which mail servers a mailbox may name: public ones, and what whoever runs the installation allows."""

import re
from ipaddress import ip_network

import pytest

from inboxops.errors import Invalid
from workspaces.mail_servers import HOST, clean_host, must_be_permitted, permitted_address

PRIVATE_ADDRESSES = [
    *("127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.5", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"),
    *("192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
    *("::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "fec0::1", "ff02::1", "2001:db8::1", "100::1"),
    # What arrives at an IPv4 address in the end.
    *("::ffff:127.0.0.1", "::ffff:10.0.0.5", "::127.0.0.1", "2002:7f00:1::", "64:ff9b::a00:5", "64:ff9b::7f00:1"),
]
PUBLIC_ADDRESSES = ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::"]


@pytest.fixture
def allow(settings):
    def put(*entries):
        settings.SMTP_PRIVATE_HOSTS = list(entries)

    put()
    return put


@pytest.mark.parametrize("address", PRIVATE_ADDRESSES)
def test_no_connection_is_made_to_a_private_address(allow, address):
    assert not permitted_address("smtp.acme.example", address)


@pytest.mark.parametrize("address", PUBLIC_ADDRESSES)
def test_a_public_address_is_permitted(allow, address):
    assert permitted_address("smtp.acme.example", address)


@pytest.mark.parametrize("address", ["10.0.0.5", "::ffff:10.0.0.5", "64:ff9b::a00:5"])
def test_an_address_in_a_network_that_is_listed_is_permitted(allow, address):
    allow(ip_network("10.0.0.0/24"))

    assert permitted_address("smtp.acme.example", address)
    assert not permitted_address("smtp.acme.example", "10.0.1.5")
    assert not permitted_address("smtp.acme.example", "::1")


def test_a_host_that_is_listed_may_be_anywhere_and_no_other_host(allow):
    allow("relay.acme.example")

    assert permitted_address("Relay.acme.example", "127.0.0.1")
    assert not permitted_address("other.acme.example", "127.0.0.1")
    assert not permitted_address("sub.relay.acme.example", "127.0.0.1")


# When it is entered, by its name alone


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "db", "relay", "a.localhost", "printer.local", "vault.internal", "nas.home.arpa"),
        *("127.0.0.1", "10.0.0.5", "169.254.169.254", "0.0.0.0"),
    ],
)
def test_a_private_name_is_refused(allow, host):
    with pytest.raises(Invalid) as caught:
        must_be_permitted(host, 587)

    assert [(error.pointer, error.code) for error in caught.value.errors] == [("/smtp/host", "not_allowed")]


@pytest.mark.parametrize("host", ["smtp.acme.example", "8.8.8.8", "local.example", "internal.example"])
def test_a_public_name_is_taken_without_asking_the_network(allow, host):
    must_be_permitted(host, 587)


@pytest.mark.parametrize("port", [25, 465, 587, 2525])
def test_the_ports_of_mail_are_taken(allow, port):
    must_be_permitted("smtp.acme.example", port)


@pytest.mark.parametrize("port", [22, 80, 5432, 6379, 65535])
def test_other_ports_are_refused(allow, port):
    with pytest.raises(Invalid) as caught:
        must_be_permitted("smtp.acme.example", port)

    assert [(error.pointer, error.code) for error in caught.value.errors] == [("/smtp/port", "not_allowed")]


def test_what_is_listed_is_taken_at_any_port(allow):
    allow("localhost", ip_network("10.0.0.0/24"))

    must_be_permitted("localhost", 1025)
    must_be_permitted("10.0.0.5", 1025)
    with pytest.raises(Invalid):
        must_be_permitted("10.0.1.5", 25)


# How a host is written


@pytest.mark.parametrize("host", ["smtp.acme.example", "SMTP.Acme.Example", "a", "xn--mnchen-3ya.example", "10.0.0.5"])
def test_a_host_is_a_name_or_an_address_of_ipv4(host):
    assert clean_host(host) == host.lower()


@pytest.mark.parametrize(
    "host",
    [
        *("", " ", ".", "a.", ".a", "a..b", "-a.example", "a-.example", "a_b.example", "a b", "münchen.example"),
        *("a.example:25", "smtp://a.example", "user@a.example", "a.example/x", "a.example\r\nX: y", "a.example\n"),
        # Spellings of 127.0.0.1 that resolvers take.
        *("127.1", "2130706433", "0x7f000001", "0x7f.1", "127.0.0.1.", "0177.0.0.1", "127.000.000.001", "::1", "[::1]"),
        *("256.1.1.1", "1.2.3", f"{'a' * 64}.example", "a." * 126 + "ab"),
    ],
)
def test_anything_else_is_refused(host):
    with pytest.raises(Invalid) as caught:
        clean_host(host)

    assert [(error.pointer, error.code) for error in caught.value.errors] == [("/smtp/host", "invalid")]


def test_no_host_takes_long_to_be_refused():
    assert not re.fullmatch(HOST, "a." * 100_000 + "!")
