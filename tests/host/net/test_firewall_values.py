"""What the firewall takes, and what it writes of it in nft's words."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haneul.host.net.firewall import AddressPair, FilteredPort, Firewall, Group, Rule
from haneul.host.net.firewall.group_rules import group_filled
from haneul.host.net.firewall.layout import TAG
from haneul.host.net.firewall.port_chains import leaving
from haneul.host.net.firewall.standing import Standing
from haneul.host.net.firewall.transaction import Transaction

ID, OTHER = "11111111-2222-3333-4444-555555555555", "99999999-2222-3333-4444-555555555555"
MAC = "fa:16:3e:00:00:01"
INJECTED = '"; flush ruleset; add table ip x {'


def port(**more: Any) -> FilteredPort:
    return FilteredPort(**{"id": ID, "device": "tap1", "bridge": "brq1", "mac": MAC, "addresses": ("10.0.0.5",)} | more)


def rule(**more: Any) -> Rule:
    return Rule(**{"direction": "ingress", "version": 4} | more)


@pytest.mark.parametrize(
    "odd",
    [
        {"direction": "inward"},
        {"version": 5},
        {"protocol": 256},
        {"protocol": -1},
        {"ports": (80, 80)},
        {"protocol": 1, "ports": (80, 80)},
        {"protocol": 6, "ports": (81, 80)},
        {"protocol": 6, "ports": (0, 65536)},
        {"icmp": (8, 0)},
        {"protocol": 58, "icmp": (8, 0)},
        {"protocol": 1, "version": 6, "icmp": (8, 0)},
        {"protocol": 1, "icmp": (256, 0)},
        {"protocol": 1, "icmp": (8, 256)},
        {"remote": "10.0.0.1/24"},
        {"remote": "fd00::/64"},
        {"remote": INJECTED},
        {"remote_group": INJECTED},
        {"remote": "10.0.0.0/24", "remote_group": ID},
    ],
    ids=str,
)
def test_odd_rules_are_refused(odd: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        rule(**odd)


@pytest.mark.parametrize(
    "odd",
    [
        {"id": INJECTED},
        {"id": ID.upper().replace("1", "A")},
        {"id": ID + "\n"},
        {"device": INJECTED},
        {"device": "tap*"},
        {"device": "a-name-of-16-char"},
        {"device": ""},
        {"bridge": "brq 1"},
        {"mac": "01:00:5e:00:00:01"},
        {"mac": "fa:16:3e:00:00"},
        {"mac": MAC + INJECTED},
        {"addresses": ("10.0.0.5/24",)},
        {"addresses": (INJECTED,)},
        {"addresses": ("fe80::1%eth0; flush ruleset",)},
        {"groups": (INJECTED,)},
    ],
    ids=str,
)
def test_odd_ports_are_refused(odd: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        port(**odd)


@pytest.mark.parametrize("network", ["10.0.0.1/24", INJECTED, "fe80::1%eth0", ""])
def test_odd_networks_are_refused(network: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        AddressPair(mac=MAC, network=network)
    with pytest.raises(ValueError, match=r"\w"):
        Group(id=ID, members=(network,))


def test_odd_clouds_are_refused() -> None:
    with pytest.raises(ValueError, match="no cloud's id"):
        Firewall(INJECTED)


@given(st.text(max_size=60) | st.text(max_size=20).map("fe80::1%{}".format))
def test_no_text_gets_through_that_is_not_what_it_should_be(text: str) -> None:
    """Whatever is taken is written with no sign that nft would read as more than an address or a name."""
    for what in ({"remote": text}, {"remote_group": text}, {"version": 6, "remote": text}):
        try:
            made = rule(**what)
        except ValueError:
            continue
        written = "\n".join(group_filled("t", Group(id=ID, rules=(made,))))
        assert not set(written) & set(';"#\\$%')


def egress_and_ingress(*rules: Rule, stateful: bool = True) -> list[str]:
    lines = group_filled("t", Group(id=ID, rules=rules, stateful=stateful))
    return [line.split(" ", 5)[5] for line in lines if line.startswith("add rule")]


GRANTED = "goto granted-responder"


@pytest.mark.parametrize(
    ("asked", "written"),
    [
        (rule(), ["meta nfproto ipv4"]),
        (rule(remote="0.0.0.0/0"), ["meta nfproto ipv4"]),
        (rule(version=6, remote="::/0"), ["meta nfproto ipv6"]),
        (rule(remote="10.0.0.0/8"), ["ct original ip saddr 10.0.0.0/8"]),
        (rule(protocol=17), ["meta nfproto ipv4 meta l4proto 17"]),
        (rule(protocol=6, ports=(22, 22)), ["meta nfproto ipv4 meta l4proto 6 ct original proto-dst 22"]),
        (rule(protocol=6, ports=(0, 65535)), ["meta nfproto ipv4 meta l4proto 6 ct original proto-dst 0-65535"]),
        (rule(protocol=1, icmp=(8, 0)), ["meta nfproto ipv4 meta l4proto 1 ct original proto-dst 2048"]),
        (rule(protocol=1, icmp=(8, None)), ["meta nfproto ipv4 meta l4proto 1 ct original proto-dst 2048-2303"]),
        (rule(version=6, protocol=58, icmp=(137, 1)), ["meta nfproto ipv6 icmpv6 type 137 icmpv6 code 1"]),
        (
            rule(version=6, remote_group=OTHER),
            [
                f"ct original ip6 saddr @members6-{OTHER}",
                f"ct original ip6 saddr . meta nfproto @ranges6-{OTHER}",
            ],
        ),
    ],
)
def test_rules_ask_about_the_packet_that_began_the_connection(asked: Rule, written: list[str]) -> None:
    assert egress_and_ingress(asked) == [f"{line} {GRANTED}" for line in written]


def test_egress_rules_come_first_and_ask_about_the_other_end() -> None:
    out = Rule(direction="egress", version=4, remote="10.0.0.0/8")
    assert egress_and_ingress(rule(), out) == [
        "ct original ip daddr 10.0.0.0/8 goto granted-initiator",
        f"meta nfproto ipv4 {GRANTED}",
    ]


def test_rules_of_untracked_ports_allow_a_packet_and_its_answer_but_no_connection() -> None:
    assert egress_and_ingress(rule(protocol=33, ports=(80, 81))) == [
        "meta nfproto ipv4 meta l4proto 33 ct direction original th dport 80-81 accept",
        "meta nfproto ipv4 meta l4proto 33 ct direction reply th sport 80-81 accept",
    ]


def test_stateless_rules_ask_about_the_packet_at_hand() -> None:
    asked = rule(protocol=17, ports=(53, 53), remote="10.0.0.1/32"), rule(protocol=1, icmp=(8, None))
    assert egress_and_ingress(*asked, stateful=False) == [
        "ip saddr 10.0.0.1/32 meta l4proto 17 th dport 53 accept",
        "meta nfproto ipv4 icmp type 8 accept",
    ]


def test_members_are_single_addresses_and_networks_that_do_not_overlap() -> None:
    members = ("10.0.0.7", "10.1.0.0/24", "10.1.0.5", "10.0.0.7/32", "fd00::/64", "fd00::5", "fd01::5")
    lines = [line for line in group_filled("t", Group(id=ID, members=members)) if line.startswith("add element")]
    assert lines == [
        f"add element inet t members4-{ID} {{ 10.0.0.7 }}",
        f"add element inet t ranges4-{ID} {{ 10.1.0.0/24 . ipv4 }}",
        f"add element inet t members6-{ID} {{ fd01::5 }}",
        f"add element inet t ranges6-{ID} {{ fd00::/64 . ipv6 }}",
    ]


def test_a_port_speaks_as_itself_and_its_pairs_only() -> None:
    lines = list(leaving(port(pairs=(AddressPair(mac=MAC, network="0.0.0.0/0"),)), 0x5))
    assert f"ether saddr {MAC} ether type ip ip saddr 10.0.0.5 meta mark set 0x80000005 accept" in lines
    assert f"ether saddr {MAC} ether type ip meta mark set 0x5 accept" in lines
    assert lines[-1] == "drop"
    assert all(f"ether saddr {MAC}" in line for line in lines if line.endswith("accept"))


def change(standing: Standing, *ports: FilteredPort) -> tuple[Standing, list[str]]:
    made = Transaction("t", standing)
    for one in ports:
        made.put_port(one)
    lines = made.written()
    return made.after, lines


def test_ports_in_the_same_groups_share_a_profile_and_the_last_takes_it_along() -> None:
    first, second = port(groups=(ID, OTHER)), port(id=OTHER, device="tap2", groups=(OTHER, ID))
    standing, _ = change(Standing(generation=1), first, second)
    assert len(standing.profiles) == 1
    standing, _ = change(standing, port(groups=(ID,)))
    assert len(standing.profiles) == 2
    standing, lines = change(standing, port(id=OTHER, device="tap2", groups=(ID,)))
    assert len(standing.profiles) == 1
    assert any(line.startswith("delete chain inet t initiator-") for line in lines)


def test_only_what_takes_something_away_begins_a_generation() -> None:
    standing, _ = change(Standing(generation=0xFFFF), port())
    assert standing.generation == 0xFFFF
    standing, lines = change(standing, port(groups=(ID,)))
    assert standing.generation == 1
    assert f"add rule inet t known-responder ct mark & 0xffff0000 == {1 << 16:#x} accept" in lines


def test_zones_are_of_one_bridge_each() -> None:
    bridges = [f"no-such-{number}" for number in range(3)]
    ports = [
        port(id=f"{number}{ID[1:]}", device=f"tap{number}", bridge=bridge) for number, bridge in enumerate(bridges)
    ]
    standing, _ = change(Standing(generation=1), *ports)
    assert len(set(standing.zones.values())) == len(bridges)
    assert 0 not in standing.zones.values()


def test_a_zone_is_free_again_when_its_bridge_is_gone() -> None:
    standing, _ = change(Standing(generation=1, zones={"gone-1": 1}), port(bridge="no-such-1"))
    assert standing.zones == {"no-such-1": 1}


def test_stateless_ports_are_marked_so() -> None:
    standing, _ = change(Standing(generation=1), port(stateful=False))
    assert standing.ports[ID].mark == TAG | 0x20000000 | 1
    assert standing.ports[ID].profile == 1
