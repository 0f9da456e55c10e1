"""One dnsmasq for each network: made as wanted, found again after a restart of ours, and removed."""

import ipaddress
import shutil
import time
from collections.abc import Iterable
from pathlib import Path

from haneul.host.net.addresses import ensure_addresses
from haneul.host.net.daemons import (
    Daemon,
    Home,
    end_daemon,
    ensure_daemon,
    make_home,
    needs_start,
    running_pid,
    write_for,
)
from haneul.host.net.dhcp.files import (
    CONFIG,
    HOSTS,
    LEASES,
    NAMES,
    OPTIONS,
    config_file,
    hosts_file,
    names_file,
    options_file,
)
from haneul.host.net.dhcp.leases import Lease, read_leases, release, stale_leases, without
from haneul.host.net.dhcp.values import DhcpServer
from haneul.host.net.routes import Route, ensure_routes
from haneul.host.net.sysctls import ensure_sysctl, read_sysctl

PROGRAM = "dnsmasq"
# ARP entries for clients that have no address yet, raw sockets to reach them, and ports 53, 67 and 547.
CAPABILITIES = ("net_admin", "net_raw", "net_bind_service")
READY = "started, version"
# How long the file of leases must have been left alone to be believed, and how often we look at it again.
LEASE_REST_S = 0.005
LEASE_READS = 5


def ensure_dhcp(server: DhcpServer, home: Home) -> None:
    """Make the server run in its namespace on its link, both of which are there, with these values.

    Changed hosts and options are live at once without a restart; who is no longer a host loses its lease. RunFailed
    if dnsmasq won't start; ValueError came with the values, when they were made.
    """
    _ensure_device(server, home)
    make_home(home)
    daemon = _daemon(server, home.folder)
    stale = _stale(server, home)
    # dnsmasq reads its leases when it starts, and can be told of an end by its IPv4 clients only.
    if needs_start(daemon, home) or any(":" in lease.address for lease in stale):
        end_daemon(PROGRAM, daemon.argv, home)
        stale = _stale(server, home)
        write_for(home, LEASES, without(_leases(home), stale), writable=True)
        ensure_daemon(daemon, home)
        return
    ensure_daemon(daemon, home)
    for lease in stale:
        release(lease, server.device, _own(server), home.place)


def remove_dhcp(home: Home) -> None:
    """End the server and remove its folder with all leases; its link and namespace are the caller's."""
    end_daemon(PROGRAM, _argv(home.folder), home)
    shutil.rmtree(home.folder, ignore_errors=True)


def list_dhcp(folder: Path) -> list[str]:
    """The ids of the networks that have the folder of a server in this one, running or half removed."""
    return sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []


def pid_of_dhcp(home: Home) -> int | None:
    """The pid of the server, None if it doesn't run."""
    return running_pid(PROGRAM, home)


def list_leases(home: Home) -> list[Lease]:
    """What the server has given and not taken back."""
    return read_leases(_leases(home))


def _ensure_device(server: DhcpServer, home: Home) -> None:
    # What guests on the network advertise is nothing to go by.
    if read_sysctl(f"ipv6/conf/{server.device}/accept_ra", home.place) is not None:
        ensure_sysctl(f"ipv6/conf/{server.device}/accept_ra", "0", home.place)
    ensure_addresses(server.device, server.addresses, home.place)
    # By the gateway the forwarders are reached as the network's own hosts would reach them.
    ensure_routes(_default_routes(server), home.place)


def _default_routes(server: DhcpServer) -> Iterable[Route]:
    addresses = [ipaddress.ip_interface(address) for address in server.addresses]
    for to, version in (("0.0.0.0/0", 4), ("::/0", 6)):
        gateways = [subnet.gateway for subnet in server.subnets if subnet.gateway and subnet.version == version]
        reachable = [one for one in gateways if any(ipaddress.ip_address(one) in own.network for own in addresses)]
        if reachable:
            yield Route(to=to, via=reachable[0], link=server.device)


def _daemon(server: DhcpServer, folder: Path) -> Daemon:
    return Daemon(
        name=PROGRAM,
        argv=_argv(folder),
        read_once={CONFIG: config_file(server, folder)},
        read_again={HOSTS: hosts_file(server), OPTIONS: options_file(server), NAMES: names_file(server)},
        capabilities=CAPABILITIES,
        ready=READY,
    )


def _argv(folder: Path) -> list[str]:
    return [PROGRAM, f"--conf-file={folder / CONFIG}"]


def _stale(server: DhcpServer, home: Home) -> list[Lease]:
    given = ((host.mac, str(ipaddress.ip_address(one))) for host in server.hosts for one in host.addresses)
    return stale_leases(read_leases(_leases(home)), given)


def _leases(home: Home) -> str:
    """The file as it stands when dnsmasq isn't writing it, which it does in place."""
    path = home.folder / LEASES
    try:
        text = path.read_text(errors="replace")
        for _ in range(LEASE_READS):
            if time.time() - path.stat().st_mtime > LEASE_REST_S:
                break
            time.sleep(LEASE_REST_S)
            text = path.read_text(errors="replace")
    except FileNotFoundError:
        return ""
    return text


def _own(server: DhcpServer) -> list[str]:
    return [address.partition("/")[0] for address in server.addresses]
