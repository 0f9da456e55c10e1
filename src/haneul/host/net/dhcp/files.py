"""dnsmasq's files from values."""

import ipaddress
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from haneul.host.net.dhcp.values import CLIENT_ID, DhcpHost, DhcpOption, DhcpServer, Route, Subnet

CONFIG, HOSTS, OPTIONS, NAMES, LEASES = "dnsmasq.conf", "hosts", "opts", "names", "leases"
CLASSLESS_ROUTES = ("option:classless-static-route", "249")
NONE_SERVED = {"0.0.0.0", "::"}
# Each is bounded by the hosts of the network anyway.
MOST_LEASES = 1 << 24
# What stands in a host's line without a dot may be taken for a time or an order.
AMBIGUOUS = re.compile(r"\d+[smhdw]?|ignore|infinite")


def config_file(server: DhcpServer, folder: Path) -> str:
    """What dnsmasq reads once: where it listens, what it serves, and which of the other files it reads."""
    return "\n".join([*_fixed(server, folder), *_ranges(server), ""])


def _fixed(server: DhcpServer, folder: Path) -> Iterator[str]:
    # Nothing of the host's own is read: neither its resolver nor its names.
    yield from ("no-hosts", "no-resolv", "no-poll", "keep-in-foreground", "log-facility=-", "pid-file=")
    yield from ("quiet-dhcp", "quiet-dhcp6", "quiet-ra", "bind-dynamic", "except-interface=lo")
    yield f"interface={server.device}"
    # Names without a domain and addresses of private networks are nobody's business beyond this network.
    yield from ("domain-needed", "bogus-priv")
    yield from (f"server={address}" for address in server.forwarders)
    if server.domain:
        yield from (f"domain={server.domain}", f"local=/{server.domain}/")
    yield from (f"addn-hosts={folder / NAMES}", f"dhcp-hostsfile={folder / HOSTS}", f"dhcp-optsfile={folder / OPTIONS}")
    yield from (f"dhcp-leasefile={folder / LEASES}", f"dhcp-lease-max={MOST_LEASES}", "no-ping")
    # Who isn't known is not even refused; who is known gets what is written here, whatever it remembers.
    yield from ("dhcp-ignore=tag:!known", "dhcp-authoritative")
    yield from ("dhcp-match=set:ipxe,175", "dhcp-userclass=set:ipxe6,iPXE")
    yield f"dhcp-option-force=option:mtu,{server.mtu}"


def _ranges(server: DhcpServer) -> Iterator[str]:
    lease = "infinite" if server.lease_s < 0 else f"{server.lease_s}s"
    for number, subnet in served(server):
        network = ipaddress.ip_network(subnet.cidr)
        size = network.netmask if network.version == 4 else network.prefixlen
        yield f"dhcp-range=set:subnet{number},{network.network_address},static,{size},{lease}"


def served(server: DhcpServer) -> list[tuple[int, Subnet]]:
    """The subnets in which clients ask this server, with the numbers of their tags."""
    # The MTU of a SLAAC subnet's links and all else are told by its router's advertisements.
    return [(number, subnet) for number, subnet in enumerate(server.subnets) if subnet.mode != "slaac"]


def options_file(server: DhcpServer) -> str:
    """The options of each subnet, and those of each host that has some of its own."""
    lines = [line for number, subnet in served(server) for line in _of_subnet(f"tag:subnet{number}", subnet, server)]
    for host in server.hosts:
        lines += [_of_host(host, option) for option in host.options if option.option != CLIENT_ID]
    return "\n".join([*lines, ""])


def _of_subnet(tag: str, subnet: Subnet, server: DhcpServer) -> Iterator[str]:
    kind = "option" if subnet.version == 4 else "option6"
    if subnet.dns_servers:
        servers = [address for address in subnet.dns_servers if address not in NONE_SERVED]
        yield _option(tag, f"{kind}:dns-server", servers if subnet.version == 4 else [f"[{one}]" for one in servers])
    if subnet.version == 6:
        if server.domain:
            yield _option(tag, "option6:domain-search", [server.domain])
        return
    # Without a value the option isn't sent; left out, dnsmasq would name itself as the router.
    yield _option(tag, "option:router", [subnet.gateway] if subnet.gateway else [])
    if subnet.routes:
        # RFC 3442: who is given these ignores the router, so the default route is one of them.
        default = [Route("0.0.0.0/0", subnet.gateway)] if subnet.gateway else []
        words = [word for route in (*subnet.routes, *default) for word in (route.to, route.via)]
        yield from (_option(tag, name, words) for name in CLASSLESS_ROUTES)


def _option(tag: str, name: str, values: Iterable[str]) -> str:
    return ",".join((tag, name, *values))


def _of_host(host: DhcpHost, option: DhcpOption) -> str:
    name = option.option
    kind = "option" if option.version == 4 else "option6"
    written = f"{kind}:{name}" if option.version == 6 or not name.isdigit() else name
    tags = f"tag:{tag_of(host)}" + (f",{option.tag}" if option.tag else "")
    return _option(tags, written, [option.written] if option.value else [])


def tag_of(host: DhcpHost) -> str:
    """The tag that ties a host to its options."""
    return "host-" + host.mac.replace(":", "")


def hosts_file(server: DhcpServer) -> str:
    """Who is given which address: a line for each IPv4 subnet in which the host has one."""
    subnets = [ipaddress.ip_network(subnet.cidr) for _, subnet in served(server)]
    lines = [line for host in server.hosts for line in _host_lines(host, server, subnets)]
    return "\n".join([*lines, ""])


def _host_lines(
    host: DhcpHost, server: DhcpServer, subnets: list[ipaddress.IPv4Network | ipaddress.IPv6Network]
) -> Iterator[str]:
    given = _given(host, server, subnets)
    fours, sixes = [one for one in given if ":" not in one], [one for one in given if ":" in one]
    words = [host.mac]
    words += [f"id:{option.value}" for option in host.options if option.option == CLIENT_ID]
    tags = [f"set:{tag_of(host)}"] if any(option.option != CLIENT_ID for option in host.options) else []
    # A line without an address fits every question. dnsmasq takes the last one that fits: it must stand first.
    if _asks_for_options_only(host, server):
        yield ",".join([*words, *tags])
    tail = [*(f"[{address}]" for address in sixes), *tags]
    for four in fours:
        yield ",".join([*words, four, *tail, *_name(host, four, server)])
    if sixes and not fours:
        yield ",".join([*words, *tail, *_name(host, sixes[0], server)])


def _asks_for_options_only(host: DhcpHost, server: DhcpServer) -> bool:
    stateless = [ipaddress.ip_network(one.cidr) for one in server.subnets if one.mode == "dhcpv6-stateless"]
    return any(ipaddress.ip_address(address) in network for address in host.addresses for network in stateless)


def _given(
    host: DhcpHost, server: DhcpServer, subnets: list[ipaddress.IPv4Network | ipaddress.IPv6Network]
) -> list[str]:
    """The addresses that the host gets by asking: in each IPv4 subnet the first, in a stateful IPv6 subnet all."""
    stateless = {ipaddress.ip_network(one.cidr) for one in server.subnets if one.mode == "dhcpv6-stateless"}
    found: list[str] = []
    seen = set(stateless)
    for address in host.addresses:
        parsed = ipaddress.ip_address(address)
        network = next((one for one in subnets if one.version == parsed.version and parsed in one), None)
        if network is not None and network not in seen:
            found.append(str(parsed))
            if network.version == 4:
                seen.add(network)
    return found


def _name(host: DhcpHost, address: str, server: DhcpServer) -> list[str]:
    name = host.name_of(address)
    if server.domain and "." not in name:
        return [f"{name}.{server.domain}"]
    return [] if AMBIGUOUS.fullmatch(name) or _is_address(name) else [name]


def _is_address(name: str) -> bool:
    return name.replace(".", "").isdigit()


def names_file(server: DhcpServer) -> str:
    """The names of all hosts of the network, in full first so that an address is answered with it."""
    lines = []
    for host in server.hosts:
        for address in host.addresses:
            name = host.name_of(address)
            full = f"{name}.{server.domain} " if server.domain and "." not in name else ""
            lines.append(f"{address} {full}{name}")
    return "\n".join([*lines, ""])
