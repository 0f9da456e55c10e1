"""What may be fetched from where: Glance's `[import_filtering_opts]`, and which inner networks are open to it."""

import ipaddress
from collections.abc import Iterable, Sequence

from msgspec import Struct

from haneul.host.net.fetch.addresses import Address, forms_of, is_own, is_special
from haneul.host.net.fetch.outcomes import Refused
from haneul.host.net.fetch.urls import Url, parse

NOT_ALLOWED = "The URL's scheme, host or port is not allowed."


class Allowed(Struct, frozen=True, kw_only=True):
    """Filters of URLs. Where a list says what is allowed, the one that says what isn't is passed over; no list allows
    all. A URL without a port has its scheme's.

    Only public addresses are fetched from: `networks` (CIDR) names others that may be, be they this machine's own;
    `disallowed_networks` are refused as well, and `networks` go before them.
    """

    schemes: tuple[str, ...] = ("http", "https")
    disallowed_schemes: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    disallowed_hosts: tuple[str, ...] = ()
    ports: tuple[int, ...] = (80, 443)
    disallowed_ports: tuple[int, ...] = ()
    networks: tuple[str, ...] = ()
    disallowed_networks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for text in (*self.networks, *self.disallowed_networks):
            ipaddress.ip_network(text)


def check(text: str, allowed: Allowed) -> Url:
    """The URL, once all that it says by itself is allowed; Refused else. Asks nobody."""
    url = parse(text)
    passes = (
        _passes(url.scheme, allowed.schemes, allowed.disallowed_schemes)
        and _passes(url.host, _plain(allowed.hosts), _plain(allowed.disallowed_hosts))
        and _passes(url.port, allowed.ports, allowed.disallowed_ports)
    )
    if not passes or (_is_literal(url.host) and not may_dial(url.host, allowed)):
        raise Refused(NOT_ALLOWED)
    return url


def may_dial(text: str, allowed: Allowed) -> bool:
    """Whether this address may be connected to."""
    try:
        forms = forms_of(text)
    except ValueError:
        return False
    if _is_in(forms[0], allowed.networks):
        return True
    refused = () if allowed.hosts else _plain(allowed.disallowed_hosts)
    return not any(
        is_special(form) or str(form) in refused or _is_in(form, allowed.disallowed_networks) or is_own(form)
        for form in forms
    )


def _passes(value: int | str, allowed: Sequence[int | str], disallowed: Sequence[int | str]) -> bool:
    return value in allowed if allowed else value not in disallowed


def _plain(hosts: Iterable[str]) -> tuple[str, ...]:
    return tuple(host.lower().strip("[]").removesuffix(".") for host in hosts)


def _is_in(address: Address, networks: tuple[str, ...]) -> bool:
    return any(address in ipaddress.ip_network(network) for network in networks)


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
