"""What the firewall costs: a packet beside few ports and beside many, a stream, and a change."""

import statistics
import time
import uuid
from collections.abc import Callable
from functools import partial

from bench.bridged import BRIDGE, Bridge, Guest, bridge, packet_us, throughput
from bench.case import Bench, Case
from bench.figures import Figure, Outcome
from haneul.host.namespaces import inside
from haneul.host.net.firewall import FilteredPort, Firewall, Group, Rule
from haneul.host.net.sysctls import ensure_sysctl

FEW, MANY, GROUPS = 10, 1000, 50
ROUNDS, STREAMS = 7, 20
OUT = Rule(direction="egress", version=4)
IN = Rule(direction="ingress", version=4)
SHOWN = ("bridge/bridge-nf-call-iptables", "bridge/bridge-nf-call-ip6tables")


def id_of(name: str) -> str:
    """An id that is always the same for a name."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, name))


def group(number: int) -> Group:
    """One of the groups, with ten rules before the one that lets the traffic in."""
    own = [Rule(direction="ingress", version=4, protocol=6, ports=(port, port)) for port in range(1, 11)]
    return Group(id=id_of(f"group {number}"), rules=(OUT, *own, IN), members=(f"10.1.{number}.0/24", "10.0.0.1"))


def port(name: str, device: str, mac: str, address: str, number: int = 0) -> FilteredPort:
    """A port in one of the groups."""
    return FilteredPort(
        id=id_of(name),
        device=device,
        bridge=BRIDGE,
        mac=mac,
        addresses=(address, f"fd00::{number + 1:x}"),
        groups=(id_of(f"group {number % GROUPS}"),),
    )


def of_guest(guest: Guest) -> FilteredPort:
    """The port of a guest that takes part in the traffic."""
    return port(guest.tap, guest.tap, guest.mac, guest.address)


def neighbour(number: int) -> FilteredPort:
    """The port of a guest that is only there."""
    octets = f"{number >> 8:02x}:{number & 255:02x}"
    return port(f"port {number}", f"tap{number}", f"fa:16:3e:01:{octets}", f"10.2.{number >> 8}.{number & 255}", number)


def packets(bench: Bench) -> Outcome:
    """Few and many ports in turn, so that both meet the same machine."""
    with bridge() as lab:
        bare = min(packet_us(lab, bench.count(50_000)) for _ in range(3))
        pairs = []
        for _ in range(ROUNDS):
            few = _with_ports(lab, FEW, lambda: packet_us(lab, bench.count(50_000)))
            many = _with_ports(lab, MANY, lambda: packet_us(lab, bench.count(50_000)))
            pairs.append((few, many))
        return Outcome(
            figures=[
                Figure(
                    name=f"a packet beside {MANY} ports against one beside {FEW}",
                    value=statistics.median(many / few for few, many in pairs),
                    unit="times",
                    target=1.1,
                    better="less",
                    beside={
                        f"us with {FEW} ports": round(min(few for few, _ in pairs), 2),
                        f"us with {MANY} ports": round(min(many for _, many in pairs), 2),
                        "us without a firewall": round(bare, 2),
                    },
                )
            ]
        )


def _with_ports(lab: Bridge, count: int, measured: Callable[[], float]) -> float:
    firewall = Firewall("bench")
    with inside(lab.namespace):
        firewall.prepare()
        ports = [of_guest(lab.one), of_guest(lab.two), *map(neighbour, range(count - 2))]
        firewall.ensure(groups=map(group, range(GROUPS)), ports=ports)
    try:
        return measured()
    finally:
        with inside(lab.namespace):
            firewall.remove_all()


def stream(bench: Bench) -> Outcome:
    """One TCP connection through the bridge, with the firewall and with nothing at all, in turn."""
    seconds = 0.3 if bench.quick else 0.7
    with bridge() as lab:
        pairs = [(_bare(lab, seconds), _with_ports(lab, FEW, lambda: throughput(lab, seconds))) for _ in range(STREAMS)]
    return Outcome(
        figures=[
            Figure(
                name="guest to guest through the firewall against a bare bridge",
                value=statistics.median(ours / bare for bare, ours in pairs) * 100,
                unit="%",
                target=90,
                beside={
                    "best Gbit/s": round(max(ours for _, ours in pairs), 2),
                    "best Gbit/s bare": round(max(bare for bare, _ in pairs), 2),
                    "pairs": len(pairs),
                },
            )
        ]
    )


def _bare(lab: Bridge, seconds: float) -> float:
    with inside(lab.namespace):
        for key in SHOWN:
            ensure_sysctl(key, "0")
    return throughput(lab, seconds)


def changes(_bench: Bench) -> Outcome:
    """A port that comes, a port that changes and a group of a hundred rules, beside few ports and beside many."""
    figures = []
    with bridge() as lab:
        for count in (FEW, MANY):
            figures += _with_firewall(lab, count)
    return Outcome(figures=figures)


def _with_firewall(lab: Bridge, count: int) -> list[Figure]:
    firewall = Firewall("bench")
    with inside(lab.namespace):
        firewall.prepare()
        firewall.ensure(groups=map(group, range(GROUPS)), ports=map(neighbour, range(count)))
        new = [_ms(partial(firewall.ensure_port, neighbour(5000 + at))) for at in range(20)]
        moved = [_ms(partial(firewall.ensure_port, _moved(at))) for at in range(20)]
        ruled = [_ms(partial(firewall.ensure_group, _hundred(at))) for at in range(20)]
        listed = [_ms(firewall.ports) for _ in range(5)]
        firewall.remove_all()
    beside: dict[str, float | str] = {"ports": count, "groups": GROUPS}
    return [
        _change(f"a new port beside {count}", new, 15, beside),
        _change(f"a port changed beside {count}", moved, None, beside),
        _change(f"a group of 100 rules changed beside {count} ports", ruled, 200, beside),
        _change(f"{count} ports read back", listed, None, beside),
    ]


def _moved(number: int) -> FilteredPort:
    return port(f"port {number % FEW}", f"tap{number % FEW}", "fa:16:3e:02:00:01", "10.3.0.1", number + 1)


def _hundred(number: int) -> Group:
    rules = [Rule(direction="ingress", version=4, protocol=6, ports=(number + at, number + at)) for at in range(1, 100)]
    return Group(id=id_of("group 0"), rules=(OUT, *rules))


def _ms(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def _change(name: str, times: list[float], target: float | None, beside: dict[str, float | str]) -> Figure:
    worst: dict[str, float | str] = {"best": round(min(times), 1), "worst": round(max(times), 1)}
    return Figure(
        name=name, value=statistics.median(times), unit="ms", target=target, better="less", beside=worst | beside
    )


CASES = (
    Case(name="packets", says="A packet through the firewall beside 10 ports and 1,000.", run=packets, is_real=True),
    Case(name="stream", says="One TCP connection through the firewall and without it.", run=stream, is_real=True),
    Case(name="rules", says="Changes of the firewall beside 10 ports and 1,000.", run=changes, is_real=True),
)
