"""Which segment a network gets: a VNI, a VLAN, a physical network of its own."""

import random
from collections.abc import Sequence

from msgspec import Struct
from sqlalchemy import bindparam, select

from haneul.kernel.db import Db, Query, columns_of, unique
from haneul.kernel.errors import BadRequest, Conflict, Unavailable
from haneul.services.network.config import NetworkSettings
from haneul.services.network.networks.models import Claim, claims

TYPES = ("local", "flat", "vlan", "gre", "vxlan")
OVERHEAD = {"vxlan": 50, "gre": 42}
"""What tunnels take of the underlay's MTU of 1500 (neutron-lib: plugins/ml2)."""
UNDERLAY_MTU = 1500
LEAST_MTU = {4: 68, 6: 1280}
"""The smallest MTUs over which IP goes (RFC 791, RFC 8200)."""
WINDOW = 64
TAKEN = Query(
    Claim,
    columns_of(Claim, claims).where(
        claims.c.network_type == bindparam("network_type"),
        claims.c.physical_network == bindparam("physical_network"),
        claims.c.segmentation_id.in_(bindparam("ids", expanding=True)),
    ),
)
OF_NETWORK = select(claims.c.network_type).where(claims.c.network_id == bindparam("network_id"))


class Segment(Struct, frozen=True):
    """A segment: an empty physical network for tunnels, 0 for a type without numbers."""

    type: str
    physical_network: str = ""
    segmentation_id: int = 0

    @property
    def most_mtu(self) -> int:
        return UNDERLAY_MTU - OVERHEAD.get(self.type, 0)


def asked_for(network_type: str | None, physical_network: str | None, segmentation_id: int | None) -> Segment | None:
    """The segment that a request names, None if it names none; BadRequest for what can't be."""
    if not network_type:
        if physical_network or segmentation_id:
            raise _wrong("network_type required")
        return None
    if network_type not in TYPES:
        raise _wrong("network_type value '{type}' not supported", type=network_type)
    if network_type in ("flat", "vlan") and not physical_network:
        raise _wrong("physical_network required for {type} provider network", type=network_type)
    if network_type not in ("flat", "vlan") and physical_network:
        raise _wrong("provider:physical_network specified for {type} network", type=network_type)
    if network_type in ("flat", "local") and segmentation_id:
        raise _wrong("segmentation_id prohibited for {type} provider network", type=network_type)
    if network_type == "vlan" and segmentation_id is not None and not 1 <= segmentation_id <= 4094:
        raise _wrong("segmentation_id out of range (1 through 4094)")
    return Segment(network_type, physical_network or "", segmentation_id or 0)


def _wrong(template: str, **values: str) -> BadRequest:
    return BadRequest("Invalid input for operation: " + template + ".", kind="InvalidInput", **values)


def refuse_small_mtu(network_id: str, version: int, mtu: int) -> None:
    """Conflict where packets of a subnet's IP version would not fit into the network's."""
    least = LEAST_MTU[4] if mtu < LEAST_MTU[4] else LEAST_MTU[version]
    if mtu < least:
        raise Conflict(
            "MTU of {id} is not valid, subnet requires a minimum of {least}",
            kind="NetworkMTUSubnetConflict",
            id=network_id,
            least=least,
        )


def claim(db: Db, network_id: str, wanted: Segment | None, settings: NetworkSettings) -> Segment:
    """Take the segment that is wanted, or a free one of the types that projects' networks get; Conflict if taken."""
    if wanted is None:
        return _free_of_any(db, network_id, settings)
    if wanted.type == "flat" and not {"*", wanted.physical_network}.intersection(settings.flat_networks):
        raise _wrong("physical_network '{name}' unknown for flat provider network", name=wanted.physical_network)
    if wanted.type in ("local", "flat") or wanted.segmentation_id:
        return _take(db, network_id, wanted)
    return _free(db, network_id, wanted, settings)


def release(db: Db, network_id: str) -> None:
    """Give a network's segment back."""
    db.delete(claims, network_id=network_id)


def _take(db: Db, network_id: str, wanted: Segment) -> Segment:
    if wanted.type != "local":
        with unique(*_in_use(wanted)):
            taken = Claim(wanted.type, wanted.physical_network, wanted.segmentation_id, network_id)
            db.insert(claims, taken)
    return wanted


def _in_use(wanted: Segment) -> tuple[str, Segment]:
    match wanted.type:
        case "flat":
            return "Unable to create the flat network. Physical network {physical_network} is in use.", wanted
        case "vlan":
            sentence = "Unable to create the network. The VLAN {segmentation_id} on physical network {physical_network}"
            return sentence + " is in use.", wanted
    return "Unable to create the network. The tunnel ID {segmentation_id} is in use.", wanted


def _free_of_any(db: Db, network_id: str, settings: NetworkSettings) -> Segment:
    for network_type in settings.project_types:
        try:
            return _free(db, network_id, Segment(network_type), settings)
        except Unavailable:
            continue
    raise Unavailable(
        "Unable to create the network. No tenant network is available for allocation.", kind="NoNetworkAvailable"
    )


def _free(db: Db, network_id: str, wanted: Segment, settings: NetworkSettings) -> Segment:
    """A free number of a type; Unavailable if all are taken."""
    if wanted.type == "local":
        return wanted
    for first, last in _ranges(wanted, settings):
        number = _free_number(db, wanted, first, last)
        if number:
            return _take(db, network_id, Segment(wanted.type, wanted.physical_network, number))
    raise Unavailable(
        "Unable to create the network. No tenant network is available for allocation.", kind="NoNetworkAvailable"
    )


def _free_number(db: Db, wanted: Segment, first: int, last: int) -> int:
    """A number of the range that nobody has: searched from a random place on, so that takers seldom meet."""
    start = random.randint(first, last)
    order: list[int] = [*range(start, last + 1), *range(first, start)]
    for place in range(0, len(order), WINDOW):
        window = order[place : place + WINDOW]
        key = {"network_type": wanted.type, "physical_network": wanted.physical_network}
        taken = {one.segmentation_id for one in db.all(TAKEN, **key, ids=window)}
        free: list[int] = [number for number in window if number not in taken]
        if free:
            return free[0]
    return 0


def _ranges(wanted: Segment, settings: NetworkSettings) -> Sequence[tuple[int, int]]:
    if wanted.type == "vlan":
        named = [text.split(":") for text in settings.vlan_ranges]
        mine = [parts[1:] for parts in named if parts[0] == wanted.physical_network]
        return [(int(parts[0]), int(parts[1])) if len(parts) == 2 else (1, 4094) for parts in mine] or [(1, 4094)]
    return [(int(first), int(last)) for first, _, last in (text.partition(":") for text in settings.vni_ranges)]
