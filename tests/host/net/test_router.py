"""Values of a router: what is refused, how ports become elements of maps, and what a trace reads from them."""

import pytest

from haneul.host.net.router import Forwarding, RouterNat, SeenRouter, translated_destination, translated_source
from haneul.host.net.router.cuts import NOBODY, Cut, cuts_between, selections
from haneul.host.net.router.script import replacing_script
from haneul.host.net.router.values import Forwarded, elements, refuse_malformed

F1, F2, SNAT = "203.0.113.10", "203.0.113.11", "203.0.113.2"


def forwarding(ports: tuple[int, int], fixed_ports: tuple[int, int]) -> Forwarding:
    return Forwarding(floating=F1, protocol="tcp", ports=ports, fixed="10.0.0.5", fixed_ports=fixed_ports)


@pytest.mark.parametrize(
    ("ports", "fixed_ports", "expected"),
    [
        ((80, 80), (80, 80), [(80, 80, 80)]),
        ((80, 90), (80, 90), [(80, 90, 0)]),
        ((80, 90), (8080, 8080), [(80, 90, 8080)]),
        ((80, 81), (8080, 8081), [(80, 80, 8080), (81, 81, 8081)]),
    ],
)
def test_a_forwarding_becomes_as_few_elements_as_maps_allow(
    ports: tuple[int, int], fixed_ports: tuple[int, int], expected: list[tuple[int, int, int]]
) -> None:
    found = list(elements(forwarding(ports, fixed_ports)))
    assert [(one.first_port, one.last_port, one.fixed_port) for one in found] == expected


@pytest.mark.parametrize(
    "nat",
    [
        RouterNat(outside='qg" accept'),
        RouterNat(inside=("a" * 16,)),
        RouterNat(snat_address="203.0.113.2; flush ruleset"),
        RouterNat(snat_address="fd00::1"),
        RouterNat(floating_ips=((F1, "10.0.0.5\n}"),)),
        RouterNat(metadata_port=0),
        RouterNat(forwardings=(forwarding((80, 70), (80, 70)),)),
        RouterNat(forwardings=(forwarding((80, 90), (80, 99)),)),
        RouterNat(forwardings=(forwarding((80, 80), (80, 65536)),)),
        RouterNat(forwardings=(Forwarding(floating=F1, protocol="icmp", ports=(1, 1), fixed=F2, fixed_ports=(1, 1)),)),  # type: ignore[arg-type]
    ],
)
def test_what_is_no_value_gets_into_no_script(nat: RouterNat) -> None:
    with pytest.raises(ValueError, match=r"can't|port|address|Expected|permitted"):
        refuse_malformed(nat)


def test_the_number_of_rules_does_not_grow_with_addresses() -> None:
    few, many = (
        RouterNat(outside="qg-1", floating_ips=tuple((f"203.0.113.{n}", f"10.0.0.{n}") for n in range(1, count)))
        for count in (3, 200)
    )
    assert replacing_script(few, ()).count("\n") == replacing_script(many, ()).count("\n")


def test_what_is_cut_is_what_changed() -> None:
    kept, gone = Forwarded(F2, "tcp", 80, 80, "10.0.0.7"), Forwarded(F2, "tcp", 90, 95, "10.0.0.7", 1)
    had = ([(F1, "10.0.0.5")], [kept, gone])
    assert set(cuts_between(had, ([(F1, "10.0.0.6")], [kept]))) == {
        Cut(F1, "10.0.0.5"),
        Cut(F1, F1),
        Cut(F2, "10.0.0.7", "tcp", (90, 95)),
    }
    assert list(cuts_between(had, had)) == []
    assert NOBODY not in {cut.other for cut in cuts_between(had, ([], []))}


def test_neighbouring_ports_are_cut_together() -> None:
    had = [one for ports in ((80, 83), (90, 91)) for one in elements(forwarding(ports, (ports[0] + 1, ports[1] + 1)))]
    assert set(cuts_between(([], had), ([], []))) == {
        Cut(F1, "10.0.0.5", "tcp", (80, 83)),
        Cut(F1, "10.0.0.5", "tcp", (90, 91)),
    }


@pytest.fixture
def seen() -> SeenRouter:
    return SeenRouter(
        outside="qg-1",
        inside=("qr-1",),
        snat_address=SNAT,
        fixed={F1: "10.0.0.5"},
        forwarded=(Forwarded(F2, "tcp", 80, 90, "10.0.0.6", 8080), Forwarded(F2, "udp", 53, 53, "10.0.0.6")),
        metadata_port=9697,
    )


@pytest.mark.parametrize(
    ("packet", "address", "port"),
    [
        ((F1, "icmp", None), "10.0.0.5", None),
        ((F2, "tcp", 85), "10.0.0.6", 8080),
        ((F2, "udp", 53), "10.0.0.6", 53),
        (("169.254.169.254", "tcp", 80), "", 9697),
    ],
)
def test_a_trace_finds_the_destination(
    seen: SeenRouter, packet: tuple[str, str, int | None], address: str, port: int | None
) -> None:
    found = translated_destination(seen, *packet, arrives_by="qr-1")
    assert found is not None
    assert (found.address, found.port) == (address, port)


@pytest.mark.parametrize("packet", [(F2, "tcp", 91), (F2, "icmp", None), ("10.0.0.5", "tcp", 80)])
def test_a_trace_leaves_other_destinations(seen: SeenRouter, packet: tuple[str, str, int | None]) -> None:
    assert translated_destination(seen, *packet, arrives_by="qg-1") is None


def test_the_metadata_are_redirected_for_those_inside_only(seen: SeenRouter) -> None:
    assert translated_destination(seen, "169.254.169.254", "tcp", 80, arrives_by="qg-1") is None


def test_a_trace_finds_the_source(seen: SeenRouter) -> None:
    def source(address: str, leaves_by: str, translated: bool = False) -> str | None:
        found = translated_source(seen, address, leaves_by=leaves_by, translated=translated)
        return found and found.address

    assert source("10.0.0.5", "qg-1") == F1
    assert source("10.0.0.9", "qg-1") == SNAT
    assert source("10.0.0.9", "qr-1") is None
    assert source("10.0.0.9", "qr-1", translated=True) == SNAT
    assert source("10.0.0.9", "") is None


LISTED = """\
tcp      6 431999 ESTABLISHED src=203.0.113.1 dst=203.0.113.10 sport=5 dport=80 src=10.0.0.5 dst=203.0.113.1 sport=80 dport=5 use=1
udp      17 29 src=10.0.0.5 dst=203.0.113.1 sport=9 dport=53 [UNREPLIED] src=203.0.113.1 dst=203.0.113.10 sport=53 dport=9 use=1
icmp     1 29 src=203.0.113.1 dst=203.0.113.2 type=8 code=0 id=7 src=203.0.113.2 dst=203.0.113.1 type=0 code=0 id=7 use=1
"""  # noqa: E501 - as conntrack prints it


@pytest.mark.parametrize(
    ("cut", "expected"),
    [
        (Cut(F1, "10.0.0.5"), {f"--orig-dst {F1} --reply-src 10.0.0.5", f"--orig-src 10.0.0.5 --reply-dst {F1}"}),
        (Cut(F1, NOBODY), {f"--src-nat {F1}"}),
        (
            Cut(F1, "10.0.0.5", "tcp", (79, 80)),
            {f"-p tcp --orig-dst {F1} --reply-src 10.0.0.5 --orig-port-dst 80"},
        ),
        (Cut(F1, "10.0.0.5", "tcp", (81, 90)), set()),
        (Cut(F1, "10.0.0.5", "udp", (79, 80)), set()),
        (Cut(SNAT, NOBODY), set()),
        (Cut(F1, F1), set()),
    ],
)
def test_only_what_a_cut_means_is_selected(cut: Cut, expected: set[str]) -> None:
    assert set(selections([cut, Cut(F2, "10.0.0.9")], LISTED)) == expected
