"""Router advertisements: one radvd in each router's namespace that has IPv6 subnets to tell of."""

import ipaddress
import shutil
from collections.abc import Iterator, Sequence

from msgspec import Struct

from haneul.host.net.daemons import Daemon, Home, end_daemon, ensure_daemon, running_pid
from haneul.host.net.links import refuse_bad_name
from haneul.host.net.sysctls import ensure_sysctl
from haneul.host.net.zones import refuse_zone

PROGRAM = "radvd"
CONFIG = "radvd.conf"
# Raw ICMPv6 is all that it needs.
CAPABILITIES = ("net_raw",)
READY = "started"
PID_FILE = "radvd.pid"
# The interval of Neutron's routers. Who asks is answered at once.
LEAST_S, MOST_S = 30, 100


class Prefix(Struct, frozen=True):
    """A network on the link; clients make addresses of it themselves where it is `autonomous` (SLAAC)."""

    cidr: str
    autonomous: bool = True

    def __post_init__(self) -> None:
        ipaddress.IPv6Network(refuse_zone(self.cidr))


class Advertisement(Struct, frozen=True, kw_only=True):
    """What a router says on one of its links: addresses (`managed`) or other facts (`other`) are had by DHCPv6."""

    device: str
    prefixes: tuple[Prefix, ...]
    mtu: int | None = None
    managed: bool = False
    other: bool = False
    dns_servers: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        refuse_bad_name(self.device)
        for address in self.dns_servers:
            ipaddress.IPv6Address(refuse_zone(address))


def ensure_advertisements(advertisements: Sequence[Advertisement], home: Home) -> None:
    """Make the router say exactly this on its links, which are there; nothing to say ends the program."""
    if not advertisements:
        remove_advertisements(home)
        return
    # RFC 4861, 6.2.2: who doesn't forward may not call itself a router, and radvd wouldn't.
    ensure_sysctl("ipv6/conf/all/forwarding", "1", home.place)
    config = "".join(f"{line}\n" for one in advertisements for line in _interface(one))
    ensure_daemon(_daemon(home, config), home)


def remove_advertisements(home: Home) -> None:
    """End the program and remove its folder."""
    end_daemon(PROGRAM, _argv(home), home)
    shutil.rmtree(home.folder, ignore_errors=True)


def pid_of_advertisements(home: Home) -> int | None:
    """The pid of the program, None if it doesn't run."""
    return running_pid(PROGRAM, home)


def _daemon(home: Home, config: str) -> Daemon:
    return Daemon(
        name=PROGRAM,
        argv=_argv(home),
        read_once={},
        read_again={CONFIG: config},
        capabilities=CAPABILITIES,
        ready=READY,
        pid_file=PID_FILE,
    )


def _argv(home: Home) -> list[str]:
    path = home.folder / CONFIG
    return [PROGRAM, "--nodaemon", "--logmethod=stderr", f"--config={path}", f"--pidfile={home.folder / PID_FILE}"]


def _interface(one: Advertisement) -> Iterator[str]:
    yield f"interface {one.device} {{"
    # A link that is made again is taken up again.
    yield from ("AdvSendAdvert on;", "IgnoreIfMissing on;")
    yield from (f"MinRtrAdvInterval {LEAST_S};", f"MaxRtrAdvInterval {MOST_S};")
    yield f"AdvManagedFlag {_switch(one.managed)};"
    yield f"AdvOtherConfigFlag {_switch(one.other)};"
    if one.mtu:
        yield f"AdvLinkMTU {one.mtu};"
    for prefix in one.prefixes:
        yield f"prefix {ipaddress.IPv6Network(prefix.cidr)} {{"
        yield from ("AdvOnLink on;", f"AdvAutonomous {_switch(prefix.autonomous)};", "};")
    if one.dns_servers:
        yield f"RDNSS {' '.join(str(ipaddress.IPv6Address(address)) for address in one.dns_servers)} {{ }};"
    yield "};"


def _switch(on: bool) -> str:
    return "on" if on else "off"
