"""What projects may put into a DHCP server's files, and what the files then say."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haneul.host.net.dhcp.files import config_file, hosts_file, names_file, options_file
from haneul.host.net.dhcp.leases import read_leases, stale_leases, without
from haneul.host.net.dhcp.values import DhcpHost, DhcpOption, DhcpServer, Route, Subnet

MAC = "fa:16:3e:00:00:05"
FOUR = Subnet(cidr="10.0.0.0/24", gateway="10.0.0.1")


def server(*hosts: DhcpHost, subnets: tuple[Subnet, ...] = (FOUR,), **more: object) -> DhcpServer:
    values = {"id": "n1", "device": "tap0", "addresses": ("10.0.0.2/24",), "mtu": 1450} | more
    return DhcpServer(subnets=subnets, hosts=hosts, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "value",
    ["a\nserver=6.6.6.6", "a\rb", "\0", 'a"b', "a\\nb", "é", "한", "\x7f", "\u2028", "x" * 256],
)
def test_a_value_that_dnsmasq_could_misread_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="has characters that it can't have"):
        DhcpOption(name="bootfile-name", value=value)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "0",
        "255",
        "53",
        "54",
        "1234",
        "no-such",
        "option:mtu",
        "mtu,x",
        "mtu\n",
        "tag:a,tag:b,mtu",
        "tag:a b,mtu",
        "1 ",
    ],
)
def test_a_name_that_is_no_option_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="There is no DHCP option"):
        DhcpOption(name=name, value="1")


def test_an_option_of_one_version_is_none_of_the_other() -> None:
    assert DhcpOption(name="bootfile-url", value="tftp://x/y", version=6).written == "tftp://x/y"
    with pytest.raises(ValueError, match="no DHCP option 'bootfile-url' for IPv4"):
        DhcpOption(name="bootfile-url", value="x")


@pytest.mark.parametrize(
    ("value", "version", "written"),
    [
        ("1.1.1.1,8.8.8.8", 4, "1.1.1.1,8.8.8.8"),
        ("pxelinux.0", 4, "pxelinux.0"),
        ("a b # c, d", 4, '"a b # c, d"'),
        ("#x", 4, '"#x"'),
        ("fd00::1,FD00:0::2", 6, "[fd00::1],[fd00::2]"),
        ("[fd00::1]", 6, "[fd00::1]"),
    ],
)
def test_a_value_is_written_so_that_it_stays_one(value: str, version: int, written: str) -> None:
    name = "dns-server" if version == 6 else "bootfile-name"
    assert DhcpOption(name=name, value=value, version=version).written == written  # type: ignore[arg-type]


@given(st.text(max_size=40), st.sampled_from(["bootfile-name", "client-id", "tag:ipxe,67", "119"]))
def test_no_value_makes_a_line_of_its_own(value: str, name: str) -> None:
    try:
        option = DhcpOption(name=name, value=value)
    except ValueError:
        return
    made = server(DhcpHost(mac=MAC, addresses=("10.0.0.5",), options=(option,)))
    lines = (options_file(made) + hosts_file(made)).splitlines()
    assert len(lines) == (2 if name == "client-id" else 3)
    assert all(line.startswith(("tag:subnet0,", "tag:host-fa163e000005,", f"{MAC},")) for line in lines)


@pytest.mark.parametrize("name", ["a b", "a,b", "a\nb", "-a", "a-", "a#b", "a" * 64, "a..b", ".a", "a.", "x/y", "é"])
def test_a_name_that_the_dns_could_not_have_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is not one that the DNS could have"):
        DhcpHost(mac=MAC, addresses=(), hostname=name)
    with pytest.raises(ValueError, match="is not one that the DNS could have"):
        server(domain=name)


@pytest.mark.parametrize(
    "mac", ["", "FA:16:3E:00:00:01", "fa:16:3e:00:00", "fa:16:3e:*:*:*", f"{MAC},ignore", f"{MAC}\n"]
)
def test_what_is_no_mac_is_refused(mac: str) -> None:
    with pytest.raises(ValueError, match="MAC address"):
        DhcpHost(mac=mac, addresses=())


@pytest.mark.parametrize("text", ["10.0.0.0/33", "10.0.0.1/24", "x", "10.0.0.0/24\n"])
def test_what_is_no_network_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Subnet(cidr=text, gateway="10.0.0.1")
    with pytest.raises(ValueError, match=r"."):
        Route(text, "10.0.0.1")
    with pytest.raises(ValueError, match=r"."):
        DhcpHost(mac=MAC, addresses=("10.0.0.300",))


@pytest.mark.parametrize("name", ["ignore", "infinite", "24h", "7", "10.0.0.9"])
def test_a_name_that_dnsmasq_takes_for_an_order_is_not_written_bare(name: str) -> None:
    host = DhcpHost(mac=MAC, addresses=("10.0.0.5",), hostname=name)
    assert hosts_file(server(host, domain="")) == f"{MAC},10.0.0.5\n"
    assert f"10.0.0.5 {name}\n" in names_file(server(host, domain=""))


def test_options_of_subnets_are_those_of_neutrons_agent() -> None:
    routes = (Route("169.254.169.254/32", "10.0.0.2"), Route("10.1.0.0/24", "0.0.0.0"))
    first = Subnet(cidr="10.0.0.0/24", gateway="10.0.0.1", dns_servers=("1.1.1.1", "8.8.8.8"), routes=routes)
    second = Subnet(cidr="10.1.0.0/24", dns_servers=("0.0.0.0",))
    third = Subnet(cidr="fd00::/64", dns_servers=("fd00::53",), mode="dhcpv6-stateless")
    fourth = Subnet(cidr="fd01::/64", mode="slaac")
    words = "169.254.169.254/32,10.0.0.2,10.1.0.0/24,0.0.0.0,0.0.0.0/0,10.0.0.1"
    assert options_file(server(subnets=(first, second, third, fourth))).splitlines() == [
        "tag:subnet0,option:dns-server,1.1.1.1,8.8.8.8",
        "tag:subnet0,option:router,10.0.0.1",
        f"tag:subnet0,option:classless-static-route,{words}",
        f"tag:subnet0,249,{words}",
        "tag:subnet1,option:dns-server",
        "tag:subnet1,option:router",
        "tag:subnet2,option6:dns-server,[fd00::53]",
        "tag:subnet2,option6:domain-search,openstacklocal",
    ]
    config = config_file(server(subnets=(first, second, third, fourth), lease_s=-1), Path("/x"))
    assert [line for line in config.splitlines() if line.startswith("dhcp-range")] == [
        "dhcp-range=set:subnet0,10.0.0.0,static,255.255.255.0,infinite",
        "dhcp-range=set:subnet1,10.1.0.0,static,255.255.255.0,infinite",
        "dhcp-range=set:subnet2,fd00::,static,64,infinite",
    ]


def test_hosts_are_written_for_both_versions() -> None:
    subnets = (
        FOUR,
        Subnet(cidr="10.1.0.0/24"),
        Subnet(cidr="fd00::/64", mode="dhcpv6-stateful"),
        Subnet(cidr="fd01::/64", mode="slaac"),
    )
    options = (DhcpOption(name="client-id", value="01:02"), DhcpOption(name="tag:ipxe,bootfile-name", value="x"))
    addresses = ("10.0.0.5", "10.0.0.6", "10.1.0.5", "fd00::5", "fd01::5")
    made = server(DhcpHost(mac=MAC, addresses=addresses, options=options), subnets=subnets)
    assert hosts_file(made).splitlines() == [
        f"{MAC},id:01:02,10.0.0.5,[fd00::5],set:host-fa163e000005,host-10-0-0-5.openstacklocal",
        f"{MAC},id:01:02,10.1.0.5,[fd00::5],set:host-fa163e000005,host-10-1-0-5.openstacklocal",
    ]
    assert "tag:host-fa163e000005,tag:ipxe,option:bootfile-name,x" in options_file(made)
    assert "fd01::5 host-fd01--5.openstacklocal host-fd01--5" in names_file(made)


def test_a_stateless_host_has_a_line_that_fits_any_question_before_the_others() -> None:
    subnets = (FOUR, Subnet(cidr="fd00::/64", mode="dhcpv6-stateless"))
    made = server(DhcpHost(mac=MAC, addresses=("10.0.0.5", "fd00::5")), subnets=subnets)
    assert hosts_file(made).splitlines() == [MAC, f"{MAC},10.0.0.5,host-10-0-0-5.openstacklocal"]


def test_a_lease_is_stale_once_its_client_may_not_have_it() -> None:
    text = (
        "1700000000 fa:16:3e:00:00:05 10.0.0.5 host-10-0-0-5 *\n"
        "1700000000 fa:16:3e:00:00:06 10.0.0.6 * 01:aa\n"
        "duid 00:01:00:01\n"
        "1700000000 7 fd00::5 * 00:01\n"
        "1700000000 8 fd00::6 * 00:02\n"
    )
    pairs = [("fa:16:3e:00:00:05", "10.0.0.5"), ("fa:16:3e:00:00:07", "10.0.0.6"), ("fa:16:3e:00:00:05", "fd00::5")]
    stale = stale_leases(read_leases(text), pairs)
    assert [lease.address for lease in stale] == ["10.0.0.6", "fd00::6"]
    assert [line.split(" ")[2:3] for line in without(text, stale).splitlines()] == [["10.0.0.5"], [], ["fd00::5"]]
