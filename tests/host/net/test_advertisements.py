"""radvd in a router's namespace, heard by guests that make their addresses themselves."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.host.net.lan import Lan, Network

from haneul.host.namespaces import processes_inside
from haneul.host.net.addresses import ensure_addresses, list_addresses
from haneul.host.net.advertisements import (
    Advertisement,
    Prefix,
    ensure_advertisements,
    pid_of_advertisements,
    remove_advertisements,
)
from haneul.host.net.daemons import Home
from haneul.host.net.netlink import netlink
from haneul.host.net.sysctls import read_sysctl
from haneul.host.run import RunFailed, end

pytestmark = pytest.mark.machine

MAC = "fa:16:3e:00:00:05"
OWN = "fd00::f816:3eff:fe00:5/64"
SLAAC = Advertisement(device="qr0", prefixes=(Prefix("fd00::/64"),), mtu=1400, dns_servers=("fd00::53",))


@pytest.fixture
def router(network: Network, lan: Lan):  # type: ignore[no-untyped-def]
    place = lan.join("router", "qr0", "fa:16:3e:ff:ff:01")
    ensure_addresses("qr0", ["fd00::1/64"], place)
    home = Home(folder=network.folder / "router", place=place)
    yield home
    remove_advertisements(home)


def soon(holds: Callable[[], object], patience_s: float = 5.0) -> bool:
    deadline = time.monotonic() + patience_s
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def gateways(place: str) -> set[str]:
    with netlink(place) as kernel:
        return {route.get_attr("RTA_GATEWAY") for route in kernel.get_default_routes(family=10)}


def test_a_guest_makes_its_address_within_seconds(lan: Lan, router: Home) -> None:
    ensure_advertisements([SLAAC], router)
    guest = lan.join("g5", "eth0", MAC)
    assert soon(lambda: OWN in list_addresses("eth0", guest))
    assert gateways(guest) == {"fe80::f816:3eff:feff:ff01"}
    assert read_sysctl("ipv6/conf/eth0/mtu", guest) == "1400"


def test_a_stateful_prefix_is_on_the_link_but_makes_no_addresses(lan: Lan, router: Home) -> None:
    stateful = Advertisement(device="qr0", prefixes=(Prefix("fd00::/64", autonomous=False),), managed=True)
    ensure_advertisements([stateful], router)
    guest = lan.join("g5", "eth0", MAC)
    assert soon(lambda: gateways(guest))
    assert list_addresses("eth0", guest) == set()
    text = (router.folder / "radvd.conf").read_text()
    assert "AdvManagedFlag on;" in text
    assert "AdvOtherConfigFlag off;" in text


def test_a_change_is_said_without_a_restart(lan: Lan, router: Home) -> None:
    ensure_advertisements([SLAAC], router)
    before = pid_of_advertisements(router)
    guest = lan.join("g5", "eth0", MAC)
    assert soon(lambda: OWN in list_addresses("eth0", guest))
    both = Advertisement(device="qr0", prefixes=(Prefix("fd00::/64"), Prefix("fd01::/64")))
    ensure_advertisements([both], router)
    assert soon(lambda: OWN.replace("fd00", "fd01") in list_addresses("eth0", guest))
    ensure_advertisements([both], router)
    assert pid_of_advertisements(router) == before


def test_it_outlives_us_and_comes_back_when_it_died(router: Home) -> None:
    ensure_advertisements([SLAAC], router)
    pid = pid_of_advertisements(router)
    assert pid
    assert "Uid:\t65534\t65534\t65534\t65534" in Path(f"/proc/{pid}/status").read_text()
    assert f"CapEff:\t{1 << 13:016x}" in Path(f"/proc/{pid}/status").read_text()
    (router.folder / "radvd.running").unlink()
    ensure_advertisements([SLAAC], router)
    second = pid_of_advertisements(router)
    assert second
    # radvd has a second process for what it might need more rights for.
    assert second in processes_inside(router.place)
    assert pid not in processes_inside(router.place)
    end(second, 0)
    ensure_advertisements([SLAAC], router)
    assert pid_of_advertisements(router) not in (None, second)


def test_nothing_to_say_ends_it(router: Home) -> None:
    ensure_advertisements([SLAAC], router)
    ensure_advertisements([], router)
    ensure_advertisements([], router)
    assert processes_inside(router.place) == []
    assert not router.folder.exists()


@pytest.mark.parametrize("hostile", ["qr0 { };", "a\nb", "", "qr0;"])
def test_what_is_no_name_or_address_is_refused(hostile: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Advertisement(device=hostile, prefixes=())
    with pytest.raises(ValueError, match=r"."):
        Prefix(f"fd00::/64{hostile} {{")
    with pytest.raises(ValueError, match=r"."):
        Advertisement(device="qr0", prefixes=(), dns_servers=(hostile or "x",))


def test_a_program_that_does_not_start_says_why(network: Network, router: Home) -> None:
    network.folder.chmod(0o700)
    with pytest.raises(RunFailed, match="Permission denied"):
        ensure_advertisements([SLAAC], router)
    network.folder.chmod(0o755)
