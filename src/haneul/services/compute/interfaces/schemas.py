from typing import Annotated

from haneul.kernel.schema import UNSET, Meta, Since, StrictBody, UnsetType, Uuid, View
from haneul.services.compute.nics.queries import Plugged
from haneul.services.compute.servers.schemas import Tag


class AddressAsked(StrictBody):
    ip_address: str


class InterfaceCreate(StrictBody):
    net_id: Uuid | UnsetType = UNSET
    port_id: Uuid | None | UnsetType = UNSET
    fixed_ips: Annotated[list[AddressAsked], Meta(min_length=1, max_length=1)] | UnsetType = UNSET
    tag: Annotated[Tag | UnsetType, Since("2.49")] = UNSET

    @property
    def address(self) -> str:
        """The fixed address that is asked for; empty for any."""
        return "" if self.fixed_ips is UNSET else self.fixed_ips[0].ip_address


class FixedIpView(View):
    subnet_id: str
    ip_address: str


class InterfaceView(View):
    port_id: str
    port_state: str
    mac_addr: str
    net_id: str
    fixed_ips: list[FixedIpView]
    tag: Annotated[str | None, Since("2.70")]


def interface_view(one: Plugged) -> InterfaceView:
    """A NIC as the API shows it."""
    port = one.port
    return InterfaceView(
        port_id=port.id,
        port_state=port.status,
        mac_addr=port.mac,
        net_id=port.network_id,
        fixed_ips=[FixedIpView(subnet_id=held.subnet_id, ip_address=held.address) for held in port.addresses],
        tag=one.nic.tag or None,
    )
