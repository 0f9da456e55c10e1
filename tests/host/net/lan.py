"""A network with a DHCP server's and guests' namespaces on one bridge, and what the guests are given."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.host.net.places import Places

from haneul.host.namespaces import inside
from haneul.host.net.daemons import Home
from haneul.host.net.dhcp.server import remove_dhcp
from haneul.host.net.links import attach, ensure_bridge
from haneul.host.net.sysctls import ensure_sysctl
from haneul.host.net.veths import Veth, ensure_veth
from haneul.host.run import RunFailed, run

ASK_S = 15.0
SCRIPT = """#!/bin/sh
[ "$1" = bound ] && env > "$LEASE"
exit 0
"""


class Lan:
    """One bridge in a namespace of its own; everything on it is named after the network."""

    def __init__(self, here: Places, folder: Path, name: str) -> None:
        self.here, self.folder, self.name = here, folder, name
        self.place = here.new(f"{name}-lan")
        ensure_bridge("br0", 1450, here.mark("bridge", name), self.place)
        self.dhcp = Home(folder=folder / name, place=self.join("dhcp", "tap0", "fa:16:3e:ff:ff:02"))
        (folder / "script").write_text(SCRIPT)
        (folder / "script").chmod(0o755)

    def join(self, name: str, device: str, mac: str) -> str:
        """A new namespace on the bridge, with one link."""
        place = self.here.new(f"{self.name}-{name}")
        # The first is lost, since the link is up before it is on the bridge.
        ensure_sysctl("ipv6/conf/default/router_solicitation_interval", "1", place)
        self.plug(place, name, device, mac)
        return place

    def plug(self, place: str, name: str, device: str, mac: str) -> None:
        mark = self.here.mark("veth", name)
        wanted = Veth(
            name=name, peer=device, peer_place=place, peer_mac=mac, mtu=1450, mark=mark, heeds_routers=device == "eth0"
        )
        ensure_veth(wanted, self.place)
        attach(name, "br0", place=self.place)

    def ask(self, place: str, *more: str, tries: int = 3) -> dict[str, str]:
        """What a guest's DHCP client is given, by udhcpc's names; nothing if nobody answers."""
        lease = self.folder / "lease"
        lease.unlink(missing_ok=True)
        wants = [word for option in ("121", "249", "mtu", "search", "bootfile") for word in ("-O", option)]
        command = ["busybox", "udhcpc", "-f", "-n", "-q", "-t", str(tries), "-T", "1", "-i", "eth0"]
        try:
            with inside(place):
                run(
                    [*command, "-s", str(self.folder / "script"), *wants, *more],
                    timeout_s=ASK_S,
                    env={"LEASE": str(lease)},
                )
        except RunFailed:
            return {}
        return dict(line.split("=", 1) for line in lease.read_text().splitlines() if "=" in line)

    def resolve(self, place: str, name: str, server: str) -> str:
        """What a server on the network says to a name or address; nslookup fails for names that don't exist."""
        with inside(place):
            said = run(["sh", "-c", 'busybox nslookup "$0" "$1" 2>&1; true', name, server], timeout_s=ASK_S)
        return said.stdout.decode()


@contextmanager
def lans(here: Places) -> Iterator["Network"]:
    folder = Path(tempfile.mkdtemp(prefix="haneul-lan-"))
    # The servers run as nobody, who has to get to their folders.
    folder.chmod(0o755)
    network = Network(here, folder)
    try:
        yield network
    finally:
        for lan in network.made:
            remove_dhcp(lan.dhcp)
        shutil.rmtree(folder)


class Network:
    """Makes networks for one test."""

    def __init__(self, here: Places, folder: Path) -> None:
        self._here, self.folder = here, folder
        self.made: list[Lan] = []

    def new(self, name: str) -> Lan:
        self.made.append(Lan(self._here, self.folder, name))
        return self.made[-1]
