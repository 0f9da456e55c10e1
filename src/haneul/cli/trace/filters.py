"""How a filter looks that is made from the rows: made anew in a namespace of its own, which is gone afterwards."""

from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct

from haneul.host.namespaces import in_new_namespace
from haneul.host.net.firewall import Firewall
from haneul.host.net.netlink import netlink
from haneul.services.network.drivers.base import GroupPlan, PortPlan
from haneul.services.network.drivers.linux_bridge import ports
from haneul.services.network.drivers.linux_bridge.place import Ground
from haneul.services.network.drivers.settings import ExternalLink, pass_by

NOWHERE = Path("/nonexistent")


class Explained(Struct, frozen=True):
    """A port's chains and its groups', in nft's words: what the kernel makes of rules is compared with its like."""

    of_port: list[str]
    of_groups: list[str]


def explained_anew(cloud_id: str, port: PortPlan, groups: Iterable[GroupPlan]) -> Explained:
    """The chains as the driver makes them of these plans; RunFailed where it can't."""
    return in_new_namespace(lambda: _made(cloud_id, port, list(groups)))


def _made(cloud_id: str, port: PortPlan, groups: list[GroupPlan]) -> Explained:
    ground = Ground(
        cloud_id=cloud_id,
        folder=NOWHERE,
        socket=NOWHERE,
        tunnel_ip="",
        links={},
        external=ExternalLink(),
        reached=pass_by,
    )
    firewall = Firewall(cloud_id)
    firewall.prepare()
    for group in groups:
        ports.ensure_group(group, firewall)
    ports.ensure(port, ground, firewall)
    found = Explained(
        firewall.explain(port.id), [line for group in groups for line in firewall.explain_group(group.id)]
    )
    with netlink() as kernel:
        # Its socket would keep the namespace.
        kernel.close()
    return found
