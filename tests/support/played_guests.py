"""Guests that are played: a namespace with its own network stack behind a port's tap, which we open as QEMU would."""

import os
import selectors
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_network
from typing import Any

from haneul.host.namespaces import ensure_namespace, inside, remove_namespace
from haneul.host.net.marks import Mark
from haneul.host.net.taps import ensure_tap, open_tap
from haneul.services.network.drivers.base import tap_of
from tests.support.bridged import Guest, ip

FRAME_BYTES = 65_536
LINK = "eth0"


class PlayedGuest:
    """A namespace whose only link is, to the cloud, the network card of a port."""

    def __init__(self, place: str, port: dict[str, Any]) -> None:
        self.place, self.port_id, self.mac = place, str(port["id"]), str(port["mac_address"])
        self.address = str(port["fixed_ips"][0]["ip_address"])
        self.namespace = f"played-{self.port_id}"
        ensure_namespace(self.namespace)
        ensure_tap(LINK, 1450, Mark("test", "tap", self.port_id), place=self.namespace)
        self._inner = open_tap(LINK, vnet_header=False, place=self.namespace)
        self._outer = open_tap(tap_of(self.port_id), vnet_header=False, place=place)
        self._wake, self._woken = os.pipe()
        self._cable = threading.Thread(target=self._carry, name=f"cable-{self.port_id}", daemon=True)
        self._cable.start()
        ip(self.namespace, f"link set {LINK} address {self.mac} mtu 1450 up")

    @property
    def guest(self) -> Guest:
        """It as the tests of filters know guests."""
        return Guest(
            namespace=self.namespace, bridge="", tap=tap_of(self.port_id), mac=self.mac, ipv4=self.address, ipv6=""
        )

    def configure(self, cidr: str, gateway: str = "") -> None:
        """Take the port's address in this subnet, and a default route."""
        ip(self.namespace, f"address add {self.address}/{ip_network(cidr).prefixlen} dev {LINK}")
        if gateway:
            ip(self.namespace, f"route add default via {gateway}")

    def run(self, *argv: str, timeout_s: float = 20) -> "subprocess.CompletedProcess[str]":
        """A command inside the guest."""
        with inside(self.namespace):
            return subprocess.run(argv, capture_output=True, text=True, timeout=timeout_s, check=False)

    def forget_neighbours(self) -> None:
        ip(self.namespace, f"neigh flush dev {LINK}")

    def unplug(self) -> None:
        """Stop, as a guest that is switched off."""
        os.write(self._woken, b".")
        self._cable.join()
        for descriptor in (self._inner, self._outer, self._wake, self._woken):
            os.close(descriptor)
        remove_namespace(self.namespace)

    def _carry(self) -> None:
        ends = {self._inner: self._outer, self._outer: self._inner}
        with selectors.DefaultSelector() as selector:
            for descriptor in (*ends, self._wake):
                selector.register(descriptor, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    if key.fd == self._wake:
                        return
                    # A tap that is down takes nothing; one that is gone never will again.
                    with suppress(BlockingIOError, OSError):
                        os.write(ends[key.fd], os.read(key.fd, FRAME_BYTES))


@contextmanager
def played(place: str, port: dict[str, Any], cidr: str, gateway: str = "") -> Iterator[PlayedGuest]:
    """A guest behind this port of the host in the namespace `place`, with its address."""
    guest = PlayedGuest(place, port)
    try:
        guest.configure(cidr, gateway)
        yield guest
    finally:
        guest.unplug()
