"""An IPv6 address with a zone, which may hold any text, is refused wherever the host would write it down."""

from collections.abc import Callable

import pytest

from haneul.host.net.advertisements import Advertisement, Prefix
from haneul.host.net.dhcp.values import DhcpHost, DhcpServer, Route, Subnet

ADDRESS = "fd00::5%x\nserver=192.0.2.1"
NETWORK = "fd00::%x/64"
SIX = "fd00::/64"
SERVER = {"id": "n", "device": "tap0", "addresses": (), "mtu": 1450, "subnets": (), "hosts": ()}


@pytest.mark.parametrize(
    "make",
    [
        lambda: Route(NETWORK, "fd00::1"),
        lambda: Route("fd01::/64", ADDRESS),
        lambda: Subnet(cidr=NETWORK),
        lambda: Subnet(cidr=SIX, gateway=ADDRESS),
        lambda: Subnet(cidr=SIX, dns_servers=(ADDRESS,)),
        lambda: DhcpHost(mac="fa:16:3e:00:00:05", addresses=(ADDRESS,)),
        lambda: DhcpServer(forwarders=(ADDRESS,), **SERVER),  # type: ignore[arg-type]
        lambda: Prefix(NETWORK),
        lambda: Advertisement(device="qr-1", prefixes=(), dns_servers=(ADDRESS,)),
    ],
)
def test_a_zone_is_refused(make: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match="has a zone"):
        make()
