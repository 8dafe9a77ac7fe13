"""Which mail servers a workspace may send through.

A workspace's admin is not who runs the installation: the server of a mailbox must not become a way into the network
that the installation stands in. So a host is looked at twice. When it is entered, by its name alone, without asking
the network (`must_be_permitted`); and by the address it has resolved to, by whoever connects, to that very address and
no other (`permitted_address`): a name can resolve to one address now and to another one a moment later.

`INBOXOPS_SMTP_PRIVATE_HOSTS` names what is permitted beyond.
"""

import ipaddress
import re
from typing import Final

from django.conf import settings

from inboxops.env import HOST_NAME
from inboxops.errors import Invalid

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

PORTS: Final = (25, 465, 587, 2525)
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
# A name, or an address of IPv4. No other spelling of an address: resolvers take 127.1 and 0x7f000001, too.
HOST = rf"(?:{HOST_NAME}|{_OCTET}(?:\.{_OCTET}){{3}})"
HOST_LENGTH = 253
# Names that never lead anywhere but home (RFC 6761, RFC 6762, RFC 8375, and ICANN's reservation of `internal`).
_PRIVATE_NAMES = ("localhost", "local", "internal", "home.arpa")
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def clean_host(text: str) -> str:
    """The host in lower case. Raises Invalid for what is neither a name nor an address of IPv4."""
    if len(text) > HOST_LENGTH or not re.fullmatch(HOST, text):
        raise Invalid.at("/smtp/host", "invalid", "A host name such as smtp.example.com, or an IPv4 address.")
    return text.lower()


def must_be_permitted(host: str, port: int) -> None:
    """Raises Invalid for a host that is private by its name, and for a port that is not one of mail's."""
    if is_listed(host):
        return
    if _is_private_name(host):
        raise Invalid.at(
            "/smtp/host", "not_allowed", "A server in a private network: ask whoever runs the installation to allow it."
        )
    if port not in PORTS:
        raise Invalid.at("/smtp/port", "not_allowed", f"One of {', '.join(map(str, PORTS))}.")


def permitted_address(host: str, address: str) -> bool:
    """Whether a connection may be made to this address, to which the host has resolved: public ones, or those listed.

    Ask for each address before connecting, and connect to the address, not to the name.
    """
    return host.lower() in settings.SMTP_PRIVATE_HOSTS or _is_permitted(ipaddress.ip_address(address))


def is_listed(host: str) -> bool:
    """Whether whoever runs the installation has named this host, or the network of this address."""
    address = _address_of(host)
    return host in settings.SMTP_PRIVATE_HOSTS or (address is not None and _is_in_listed_network(address))


def _is_private_name(host: str) -> bool:
    address = _address_of(host)
    if address is not None:
        return not _is_permitted(address)
    # A name without a dot is completed by the resolver, to one of the operator's own.
    return "." not in host or any(host.endswith(f".{name}") for name in _PRIVATE_NAMES)


def _is_permitted(address: IpAddress) -> bool:
    carried = _carried_by(address)
    if carried is not None:
        return _is_permitted(carried)
    return _is_in_listed_network(address) or _is_public(address)


def _is_public(address: IpAddress) -> bool:
    routed = isinstance(address, ipaddress.IPv4Address) or address in _GLOBAL_UNICAST
    return routed and address.is_global and not address.is_multicast


def _is_in_listed_network(address: IpAddress) -> bool:
    return any(address in network for network in settings.SMTP_PRIVATE_HOSTS if not isinstance(network, str))


def _carried_by(address: IpAddress) -> ipaddress.IPv4Address | None:
    """The IPv4 address at which a packet to this IPv6 address arrives in the end (mapped, 6to4, NAT64)."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour


def _address_of(host: str) -> IpAddress | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
