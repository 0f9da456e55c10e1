"""Connections to hosts by addresses that were checked, so that what a name means can't change in between."""

import logging
import socket
import ssl
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path

from haneul.host.net.fetch.addresses import forms_of
from haneul.host.net.fetch.allowed import Allowed, may_dial
from haneul.host.net.fetch.lines import Deadline, Limits, Line
from haneul.host.net.fetch.outcomes import FetchFailed
from haneul.host.net.fetch.urls import Url

log = logging.getLogger("haneul.net.fetch")

Resolver = Callable[[str], Sequence[str]]

MOST_TRIED = 4
# Whoever asks for inner hosts learns nothing of them: no such name, a forbidden address and a closed port are one.
UNREACHED = "The host {host} can't be reached, or may not be fetched from."
NO_TLS = "No trusted TLS connection with {host} can be made."


def system_resolver(host: str) -> Sequence[str]:
    """All addresses of a name, as this machine resolves names; OSError if it has none."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(place[4][0]) for place in found))


class Dialer:
    """Connects to hosts by addresses that may be dialed, and to no others."""

    def __init__(self, allowed: Allowed, limits: Limits, authorities: Path | None, resolve: Resolver) -> None:
        self._allowed, self._limits = allowed, limits
        self._authorities, self._resolve = authorities, resolve

    def dial(self, url: Url, deadline: Deadline) -> Line:
        """A connection to the URL's host, by TLS for https; FetchFailed if there can be none, whatever the reason."""
        for address in self._addresses(url.host):
            connected = self._connected(address, url.port, deadline)
            if connected:
                return Line(self._secured(connected, url, deadline), self._limits, deadline)
        raise FetchFailed(UNREACHED.format(host=url.host))

    def _addresses(self, host: str) -> Sequence[str]:
        try:
            found = self._resolve(host)
        except (OSError, UnicodeError):
            raise FetchFailed(UNREACHED.format(host=host)) from None
        # One that is bad makes all of them suspect: the name's owner tries to get at something.
        bad = [text for text in found if not may_dial(text, self._allowed)]
        if bad:
            log.warning("Nothing is fetched from %s: among its addresses is %s.", host, ", ".join(bad[:MOST_TRIED]))
            raise FetchFailed(UNREACHED.format(host=host))
        return [str(forms_of(text)[0]) for text in found[:MOST_TRIED]]

    def _connected(self, address: str, port: int, deadline: Deadline) -> socket.socket | None:
        try:
            return socket.create_connection((address, port), min(self._limits.connect_s, deadline.left_s()))
        except OSError as error:
            log.info("No connection to %s port %d: %s.", address, port, error)
            return None

    def _secured(self, connected: socket.socket, url: Url, deadline: Deadline) -> socket.socket:
        if url.scheme == "http":
            return connected
        connected.settimeout(self._limits.connect_s)
        try:
            return self._tls.wrap_socket(connected, server_hostname=url.host, suppress_ragged_eofs=False)
        except OSError as error:
            connected.close()
            log.info("No TLS with %s: %s.", url.host, error)
            raise FetchFailed(NO_TLS.format(host=url.host)) from None

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """Trusts the system's authorities, and those in a PEM file where one is named."""
        context = ssl.create_default_context()
        if self._authorities:
            context.load_verify_locations(cafile=self._authorities)
        context.set_alpn_protocols(["http/1.1"])
        # A body that ends with its connection has to end by the server's will, not by that of someone in between.
        context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
        return context
