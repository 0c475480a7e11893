"""Which addresses of the network may be called on a user's word: public ones, and those that the desk allows.

A name is resolved once and the connection goes to the very address that was looked at, so that a name which changes
its mind between the two leads nowhere. Sources: the registries of special-purpose addresses of IANA (RFC 6890), which
`ipaddress` knows; RFC 6052 and 8215 (NAT64), RFC 3056 (6to4), RFC 4380 (Teredo).
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

import httpx2
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, ValidationError

type Address = ipaddress.IPv4Address | ipaddress.IPv6Address
type Network = ipaddress.IPv4Network | ipaddress.IPv6Network

MOST_CHARACTERS = 2_000
HIGHEST_PORT = 65_535
SCHEMES = ("http", "https")
# Names that lead into the machine or its network by convention: RFC 6761, RFC 6762, ICANN's `internal`.
LOCAL_NAMES = ("localhost", "local", "internal", "home.arpa", "localdomain")
# Both carry an IPv4 address in their last 32 bits: NAT64's well-known prefix, and IPv4-compatible addresses.
EMBEDDING = tuple(ipaddress.IPv6Network(text) for text in ("64:ff9b::/96", "::/96"))
# A network's own NAT64 leads wherever the network wants.
LOCAL_NAT64 = ipaddress.IPv6Network("64:ff9b:1::/48")
# For documentation (RFC 9637), which older releases of `ipaddress` take for public.
DOCUMENTATION = ipaddress.IPv6Network("3fff::/20")
# Public by the registries, and yet the host's own: Azure's wire server.
HOST_SERVICES = frozenset({ipaddress.ip_address("168.63.129.16")})
# Spaces, control characters and backslashes, which parsers of addresses read differently.
UNSAFE = re.compile(r"[\s\x00-\x20\x7f\\]")


class AddressError(ValueError):
    """The address may not be called; one line that says why."""


def networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Return the networks that are allowed although they are not public. Raises ImproperlyConfigured for others."""
    try:
        return tuple(ipaddress.ip_network(text.strip()) for text in texts if text.strip())
    except ValueError as error:
        raise ImproperlyConfigured(
            f"BIOTECH_MA_WEBHOOK_ALLOW: {error}; write networks such as 127.0.0.0/8, comma separated."
        ) from None


def parsed(url: str) -> httpx2.URL:
    """Return the address in its parts.

    Raises AddressError for what is no http or https address, or holds credentials.
    """
    if len(url) > MOST_CHARACTERS:
        raise AddressError(f"An address has at most {MOST_CHARACTERS:,} characters.")
    if UNSAFE.search(url):
        raise AddressError("An address holds no spaces, control characters or backslashes.")
    try:
        found = httpx2.URL(url)
        port = found.port
    except (httpx2.InvalidURL, UnicodeError, ValueError):
        raise AddressError("This is no address; write it as https://example.com/path.") from None
    if found.scheme not in SCHEMES:
        raise AddressError("Only http and https addresses can be called.")
    if not found.host or (port is not None and not 0 < port <= HIGHEST_PORT):
        raise AddressError("The address names no host, or a port that is none.")
    if found.userinfo or "@" in urlsplit(url).netloc:
        raise AddressError("An address holds no user name and no password; put a token into its path instead.")
    return found


def check_url(url: str) -> httpx2.URL:
    """Return the address in its parts, if nothing in its own text forbids calling it.

    Raises AddressError as `parsed` does, and for a host that is a non-public address in any notation or a local name.
    What a name leads to is looked at when it is called.
    """
    found = parsed(url)
    host = found.raw_host.decode("ascii").rstrip(".").lower()
    literal = literal_address(host)
    if literal is not None:
        check_address(literal)
    elif not settings.WEBHOOK_ALLOW and any(host == name or host.endswith(f".{name}") for name in LOCAL_NAMES):
        raise AddressError(f"{host} is a name within a machine or its network, not on the public one.")
    return found


def validate_url(value: str) -> None:
    """Raise ValidationError where `check_url` refuses the address."""
    try:
        check_url(value)
    except AddressError as error:
        raise ValidationError(str(error), code="address") from None


def literal_address(host: str) -> Address | None:
    """Return the address that a host in numbers is, in every notation that a resolver takes; None for a name.

    Decimal (2130706433), octal (0177.0.0.1), hexadecimal (0x7f.1) and short (127.1) forms among them.
    """
    bare = host.strip("[]").split("%", 1)[0]
    try:
        return ipaddress.ip_address(bare)
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(bare))
    except (OSError, UnicodeError, ValueError):
        return None


def check_address(address: Address) -> None:
    """Return where the address is public or allowed. Raises AddressError otherwise."""
    for inner in _within(address):
        if any(inner.version == network.version and inner in network for network in settings.WEBHOOK_ALLOW):
            continue
        if not _is_public(inner):
            raise AddressError(f"{address} is not a public address.")


def _is_public(address: Address) -> bool:
    reserved = address.is_multicast or address.is_reserved or address.is_unspecified or address.is_loopback
    if isinstance(address, ipaddress.IPv6Address) and (
        address.is_site_local or address in LOCAL_NAT64 or address in DOCUMENTATION
    ):
        return False
    return address.is_global and not reserved and address not in HOST_SERVICES


def _within(address: Address) -> list[Address]:
    """Return the address itself, or the IPv4 addresses to which it leads in the end."""
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    if address.ipv4_mapped:
        return [address.ipv4_mapped]
    if address.sixtofour:
        return [address.sixtofour]
    if address.teredo:
        return list(address.teredo)
    if any(address in network for network in EMBEDDING) and int(address) > 1:
        return [ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)]
    return [address]


def checked(found: Sequence[str]) -> list[str]:
    """Return the addresses to which a name has just been resolved, without doubles, if all of them may be called.

    One that may not is enough to refuse the name: a public name with a private address is a mistake or a trap.
    Raises AddressError.
    """
    addresses = list(dict.fromkeys(found))
    if not addresses:
        raise AddressError("The name leads to no address.")
    for text in addresses:
        check_address(ipaddress.ip_address(text.split("%", 1)[0]))
    return addresses
