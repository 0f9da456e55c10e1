"""dnsmasq in namespaces, asked by real clients."""

import errno
import os
import signal
import socket
import struct
import time
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest
from tests.host.net.lan import Lan, Network
from tests.host.net.places import Places

from haneul.host.namespaces import inside, processes_inside
from haneul.host.net.daemons import Home
from haneul.host.net.dhcp.server import ensure_dhcp, list_dhcp, list_leases, pid_of_dhcp, remove_dhcp
from haneul.host.net.dhcp.values import DhcpHost, DhcpOption, DhcpServer, Route, Subnet
from haneul.host.net.links import find_link
from haneul.host.run import RunFailed, alive, end

pytestmark = pytest.mark.machine

MACS = {number: f"fa:16:3e:00:00:{number:02x}" for number in range(3, 20)}
ROUTES = (Route("169.254.169.254/32", "10.0.0.2"), Route("192.168.77.0/24", "10.0.0.9"))
SUBNET = Subnet(cidr="10.0.0.0/24", gateway="10.0.0.1", dns_servers=("9.9.9.9", "8.8.8.8"), routes=ROUTES)


def host(number: int, last: int | None = None, **more: object) -> DhcpHost:
    return DhcpHost(mac=MACS[number], addresses=(f"10.0.0.{last or number}",), **more)  # type: ignore[arg-type]


def server(*hosts: DhcpHost, **more: object) -> DhcpServer:
    values = {"id": "n1", "device": "tap0", "addresses": ("10.0.0.2/24",), "mtu": 1450, "subnets": (SUBNET,)} | more
    return DhcpServer(hosts=hosts, **values)  # type: ignore[arg-type]


def guest(lan: Lan, number: int) -> str:
    return lan.join(f"g{number}", "eth0", MACS[number])


def test_a_client_gets_all_that_its_network_says(lan: Lan) -> None:
    ensure_dhcp(server(host(5, hostname="web")), lan.dhcp)
    given = lan.ask(guest(lan, 5))
    assert (given["ip"], given["mask"], given["router"], given["mtu"]) == ("10.0.0.5", "24", "10.0.0.1", "1450")
    assert (given["dns"], given["domain"], given["hostname"]) == ("9.9.9.9 8.8.8.8", "openstacklocal", "web")
    assert given["staticroutes"] == "169.254.169.254/32 10.0.0.2 192.168.77.0/24 10.0.0.9 0.0.0.0/0 10.0.0.1"
    assert given["lease"] == "86400"
    # 249 is for Windows: the same bytes as 121.
    assert given["msstaticroutes"] == given["staticroutes"]
    assert [(lease.client, lease.address) for lease in list_leases(lan.dhcp)] == [(MACS[5], "10.0.0.5")]


def test_without_dns_servers_and_gateway_the_server_itself_is_asked(lan: Lan) -> None:
    bare = Subnet(cidr="10.0.0.0/24")
    ensure_dhcp(server(host(5), subnets=(bare,)), lan.dhcp)
    place = guest(lan, 5)
    given = lan.ask(place)
    assert (given["dns"], given["hostname"]) == ("10.0.0.2", "host-10-0-0-5")
    assert "router" not in given
    assert "staticroutes" not in given
    ensure_dhcp(server(host(5), subnets=(Subnet(cidr="10.0.0.0/24", dns_servers=("0.0.0.0",)),)), lan.dhcp)
    assert "dns" not in lan.ask(place)


def test_who_is_not_known_is_told_nothing(lan: Lan) -> None:
    ensure_dhcp(server(host(5)), lan.dhcp)
    assert lan.ask(guest(lan, 6), tries=1) == {}


def test_changed_hosts_and_options_are_live_at_once_and_without_a_restart(lan: Lan) -> None:
    ensure_dhcp(server(host(5)), lan.dhcp)
    before = pid_of_dhcp(lan.dhcp)
    place = guest(lan, 6)
    ensure_dhcp(server(host(5), host(6)), lan.dhcp)
    assert lan.ask(place)["ip"] == "10.0.0.6"
    boot = DhcpOption(name="bootfile-name", value="pxe # linux, 0")
    other = Subnet(cidr="10.0.0.0/24", gateway="10.0.0.254")
    ensure_dhcp(server(host(5), host(6, options=(boot,)), subnets=(other,)), lan.dhcp)
    given = lan.ask(place)
    assert (given["router"], given.get("boot_file") or given.get("bootfile")) == ("10.0.0.254", "pxe # linux, 0")
    assert pid_of_dhcp(lan.dhcp) == before
    ensure_dhcp(server(host(5), host(6), mtu=1400), lan.dhcp)
    assert pid_of_dhcp(lan.dhcp) != before
    assert lan.ask(place)["mtu"] == "1400"


def test_an_address_goes_to_its_next_owner_at_once(lan: Lan) -> None:
    first, second = guest(lan, 5), guest(lan, 6)
    ensure_dhcp(server(host(5)), lan.dhcp)
    assert lan.ask(first)["ip"] == "10.0.0.5"
    before = pid_of_dhcp(lan.dhcp)
    ensure_dhcp(server(host(6, last=5)), lan.dhcp)
    assert lan.ask(second)["ip"] == "10.0.0.5"
    assert lan.ask(first, tries=1) == {}
    assert pid_of_dhcp(lan.dhcp) == before
    assert [lease.client for lease in list_leases(lan.dhcp)] == [MACS[6]]


def test_a_client_with_an_id_of_its_own_loses_its_lease_as_well(lan: Lan) -> None:
    ensure_dhcp(server(host(5)), lan.dhcp)
    assert lan.ask(guest(lan, 5), "-x", "0x3d:01aabbccddeeff")["ip"] == "10.0.0.5"
    ensure_dhcp(server(host(6, last=5)), lan.dhcp)
    assert lan.ask(guest(lan, 6))["ip"] == "10.0.0.5"


def test_the_server_outlives_us_and_is_found_again(lan: Lan) -> None:
    ensure_dhcp(server(host(5)), lan.dhcp)
    pid = pid_of_dhcp(lan.dhcp)
    assert pid
    assert os.getsid(pid) == pid
    status = Path(f"/proc/{pid}/status").read_text()
    assert "Uid:\t65534\t65534\t65534\t65534" in status
    # net_bind_service, net_admin and net_raw: nothing of root's beyond them.
    assert f"CapEff:\t{1 << 10 | 1 << 12 | 1 << 13:016x}" in status
    ensure_dhcp(server(host(5)), lan.dhcp)
    assert pid_of_dhcp(lan.dhcp) == pid
    record = lan.dhcp.folder / "dnsmasq.running"
    record.unlink()
    ensure_dhcp(server(host(5)), lan.dhcp)
    assert pid_of_dhcp(lan.dhcp) not in (None, pid)
    assert processes_inside(lan.dhcp.place) == [pid_of_dhcp(lan.dhcp)]


def test_a_server_that_died_comes_back_with_its_leases(lan: Lan) -> None:
    ensure_dhcp(server(host(5), host(6)), lan.dhcp)
    place = guest(lan, 5)
    assert lan.ask(place)["ip"] == "10.0.0.5"
    assert lan.ask(guest(lan, 6))["ip"] == "10.0.0.6"
    kill(lan.dhcp)
    assert pid_of_dhcp(lan.dhcp) is None
    # The second host goes while nobody serves.
    ensure_dhcp(server(host(5)), lan.dhcp)
    assert [lease.address for lease in list_leases(lan.dhcp)] == ["10.0.0.5"]
    assert lan.ask(place)["ip"] == "10.0.0.5"


def kill(home: Home) -> None:
    pid = pid_of_dhcp(home)
    assert pid
    end(pid, 0)


def test_a_record_of_another_process_with_that_pid_is_not_believed(lan: Lan) -> None:
    ensure_dhcp(server(host(5)), lan.dhcp)
    record = lan.dhcp.folder / "dnsmasq.running"
    kept = msgspec.json.decode(record.read_bytes())
    kill(lan.dhcp)
    record.write_bytes(msgspec.json.encode(kept | {"pid": os.getpid()}))
    ensure_dhcp(server(host(5)), lan.dhcp)
    assert alive(os.getpid())
    assert lan.ask(guest(lan, 5))["ip"] == "10.0.0.5"


@pytest.mark.parametrize("torn", ["dnsmasq.running", "hosts", "dnsmasq.conf", "leases", "opts", "names"])
def test_a_torn_file_is_healed(lan: Lan, torn: str) -> None:
    ensure_dhcp(server(host(5)), lan.dhcp)
    place = guest(lan, 5)
    kill(lan.dhcp)
    (lan.dhcp.folder / torn).write_text('{"pid": garbage,,,\n')
    (lan.dhcp.folder / f".{torn}.part").write_text("half")
    ensure_dhcp(server(host(5)), lan.dhcp)
    assert lan.ask(place)["ip"] == "10.0.0.5"


def test_news_that_a_crash_kept_from_the_server_is_told_by_the_next_round(lan: Lan) -> None:
    ensure_dhcp(server(host(5)), lan.dhcp)
    record = lan.dhcp.folder / "dnsmasq.running"
    kept = record.read_bytes()
    os.kill(pid_of_dhcp(lan.dhcp) or 0, signal.SIGSTOP)
    ensure_dhcp(server(host(5), host(6)), lan.dhcp)
    # As if the signal had not been sent: files and record of before and after a crash between the two.
    record.write_bytes(kept)
    os.kill(pid_of_dhcp(lan.dhcp) or 0, signal.SIGCONT)
    ensure_dhcp(server(host(5), host(6)), lan.dhcp)
    assert lan.ask(guest(lan, 6))["ip"] == "10.0.0.6"


def test_two_networks_with_the_same_subnet_do_not_meet(network: Network) -> None:
    first, second = network.new("one"), network.new("two")
    ensure_dhcp(server(host(5, hostname="mine"), mtu=1450), first.dhcp)
    ensure_dhcp(server(host(5, last=77, hostname="theirs"), mtu=1400), second.dhcp)
    mine, theirs = guest(first, 5), guest(second, 5)
    assert (first.ask(mine)["ip"], second.ask(theirs)["ip"]) == ("10.0.0.5", "10.0.0.77")
    configure(mine)
    assert "10.0.0.5" in first.resolve(mine, "mine.openstacklocal", "10.0.0.2")
    assert "NXDOMAIN" in first.resolve(mine, "theirs.openstacklocal", "10.0.0.2")
    remove_dhcp(first.dhcp)
    assert second.ask(theirs)["ip"] == "10.0.0.77"


def configure(place: str) -> None:
    from haneul.host.net.addresses import ensure_addresses

    ensure_addresses("eth0", ["10.0.0.5/24"], place)


def test_names_of_the_network_and_no_others_are_answered(lan: Lan) -> None:
    ensure_dhcp(server(host(5), host(6, hostname="db")), lan.dhcp)
    place = guest(lan, 5)
    configure(place)
    assert "10.0.0.6" in lan.resolve(place, "db.openstacklocal", "10.0.0.2")
    assert "db.openstacklocal" in lan.resolve(place, "10.0.0.6", "10.0.0.2")
    assert "10.0.0.5" in lan.resolve(place, "host-10-0-0-5.openstacklocal", "10.0.0.2")
    # Neither this machine's own names nor its resolver.
    for name in (socket.gethostname(), "localhost.localdomain", "example.org"):
        said = lan.resolve(place, name, "10.0.0.2")
        assert "NXDOMAIN" in said or "REFUSED" in said, said
    ensure_dhcp(server(host(5)), lan.dhcp)
    assert "NXDOMAIN" in lan.resolve(place, "db.openstacklocal", "10.0.0.2")


def test_a_stateful_ipv6_client_is_given_its_address_and_loses_it(lan: Lan) -> None:
    subnets = (SUBNET, Subnet(cidr="fd00::/64", gateway="fd00::1", dns_servers=("fd00::53",), mode="dhcpv6-stateful"))
    both = {"addresses": ("10.0.0.2/24", "fd00::2/64"), "subnets": subnets}
    first = DhcpHost(mac=MACS[5], addresses=("10.0.0.5", "fd00::5"))
    ensure_dhcp(server(first, **both), lan.dhcp)
    place = guest(lan, 5)
    assert lan.ask(place)["ip"] == "10.0.0.5"
    answer = ask6(place, MACS[5])
    assert socket.inet_pton(socket.AF_INET6, "fd00::5") in answer
    assert struct.pack("!HH", 23, 16) + socket.inet_pton(socket.AF_INET6, "fd00::53") in answer
    print(
        (lan.dhcp.folder / "leases").read_text(),
        (lan.dhcp.folder / "dnsmasq.log").read_text(),
        os.listdir(lan.dhcp.folder),
    )
    time.sleep(1)
    assert {lease.address for lease in list_leases(lan.dhcp)} == {"10.0.0.5", "fd00::5"}
    ensure_dhcp(server(DhcpHost(mac=MACS[6], addresses=("10.0.0.6", "fd00::5")), **both), lan.dhcp)
    ensure_dhcp(server(DhcpHost(mac=MACS[6], addresses=("10.0.0.6",)), **both), lan.dhcp)
    assert list_leases(lan.dhcp) == []


def test_a_stateless_ipv6_client_is_told_the_name_servers_only(lan: Lan) -> None:
    stateless = Subnet(cidr="fd00::/64", dns_servers=("fd00::53",), mode="dhcpv6-stateless")
    boot = DhcpOption(name="bootfile-url", value="tftp://x/y", version=6)
    one = DhcpHost(mac=MACS[5], addresses=("10.0.0.5", "fd00::abc"), options=(boot,))
    ensure_dhcp(server(one, addresses=("10.0.0.2/24", "fd00::2/64"), subnets=(SUBNET, stateless)), lan.dhcp)
    answer = ask6(guest(lan, 5), MACS[5], message=INFORMATION_REQUEST)
    assert socket.inet_pton(socket.AF_INET6, "fd00::53") in answer
    assert b"tftp://x/y" in answer
    assert list_leases(lan.dhcp) == []


SOLICIT, INFORMATION_REQUEST = 1, 11


def ask6(place: str, mac: str, message: int = SOLICIT) -> bytes:
    """The answer to a DHCPv6 client's first word (RFC 8415), who wants name servers and a boot file, quickly."""
    duid = struct.pack("!HH", 3, 1) + bytes.fromhex(mac.replace(":", ""))
    asked = option6(1, duid) + option6(6, struct.pack("!HH", 23, 59)) + option6(8, bytes(2))
    if message == SOLICIT:
        asked += option6(3, struct.pack("!III", 7, 0, 0)) + option6(14, b"")
    with inside(place):
        index = (find_link("eth0") or pytest.fail("There is no eth0.")).index
        line = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        line.bind(("::", 546))
    with line:
        line.settimeout(1)
        for _ in range(5):
            # The link has no address of its own in its first moments.
            with suppress(TimeoutError):
                try:
                    line.sendto(bytes((message, 1, 2, 3)) + asked, ("ff02::1:2", 547, 0, index))
                    return line.recv(4096)
                except OSError as error:
                    if error.errno != errno.EADDRNOTAVAIL:
                        raise
                    time.sleep(0.3)
    raise AssertionError("No DHCPv6 server has answered.")


def option6(number: int, value: bytes) -> bytes:
    return struct.pack("!HH", number, len(value)) + value


def test_nothing_is_left_of_what_was_removed(lan: Lan) -> None:
    ensure_dhcp(server(host(5)), lan.dhcp)
    assert list_dhcp(lan.folder) == ["one"]
    # A crash has lost the record: the program is known by its command.
    (lan.dhcp.folder / "dnsmasq.running").unlink()
    remove_dhcp(lan.dhcp)
    remove_dhcp(lan.dhcp)
    assert (list_dhcp(lan.folder), processes_inside(lan.dhcp.place)) == ([], [])


def test_a_server_that_does_not_start_says_why(lan: Lan) -> None:
    lan.folder.chmod(0o700)
    with pytest.raises(RunFailed, match=r"ended at once: .*Permission denied"):
        ensure_dhcp(server(host(5)), lan.dhcp)
    assert pid_of_dhcp(lan.dhcp) is None
    lan.folder.chmod(0o755)
    ensure_dhcp(server(host(5)), lan.dhcp)
    assert pid_of_dhcp(lan.dhcp)


def test_many_hosts_are_told_quickly(here: Places, lan: Lan) -> None:
    many = [
        DhcpHost(mac=f"fa:16:3e:01:{n // 256:02x}:{n % 256:02x}", addresses=(f"10.0.{1 + n // 250}.{n % 250}",))
        for n in range(1000)
    ]
    wide = {"subnets": (Subnet(cidr="10.0.0.0/16"),), "addresses": ("10.0.0.2/16",)}
    ensure_dhcp(server(*many, **wide), lan.dhcp)
    begin = time.perf_counter()
    ensure_dhcp(server(*many, host(5), **wide), lan.dhcp)
    assert time.perf_counter() - begin < 1
    assert lan.ask(guest(lan, 5))["ip"] == "10.0.0.5"
