"""Two hosts of one cloud, joined by a wire over which their tunnels go."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from haneul.settings import CloudSettings
from tests.support.bridged import ip
from tests.support.network_api import NetworkApi, cloud_of_networks
from tests.support.second_host import SecondHost, second_host

FIRST, SECOND = "host-1", "host-2"
TUNNELS = {FIRST: "192.0.2.1", SECOND: "192.0.2.2"}
WIRE = "underlay"


class NetworkPair:
    """The API, the second host, and the namespaces in which the two hosts live."""

    def __init__(self, api: NetworkApi, other: SecondHost) -> None:
        self.api, self.other = api, other
        self.places = {FIRST: CloudSettings.namespace_of(api.tree.cloud_id), SECOND: other.namespace}

    def vxlan_of(self, network: dict[str, Any]) -> str:
        return f"vxlan-{self.api.show('network', network['id'])['provider:segmentation_id']}"


@contextmanager
def network_pair() -> Iterator[NetworkPair]:
    """A cloud of two hosts, which both are up."""
    with (
        cloud_of_networks(HANEUL_CLOUD_HOST=FIRST, HANEUL_NETWORK_TUNNEL_IP=TUNNELS[FIRST]) as tree,
        second_host(tree, SECOND, TUNNELS[SECOND]) as other,
    ):
        pair = NetworkPair(NetworkApi(tree), other)
        near, far = pair.places[FIRST], pair.places[SECOND]
        ip(near, f"link add {WIRE} mtu 1500 type veth peer name {WIRE} mtu 1500 netns {far}")
        for host, place in pair.places.items():
            ip(place, f"address add {TUNNELS[host]}/24 dev {WIRE}", f"link set {WIRE} up")
        yield pair
