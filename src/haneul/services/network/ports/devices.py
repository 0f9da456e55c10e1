"""What a port says that it belongs to: routers and floating IPs look after their ports themselves."""

from sqlalchemy import bindparam, select

from haneul.kernel.db import Db
from haneul.kernel.errors import Conflict
from haneul.services.network.floating_ips.models import floating_ips
from haneul.services.network.ports.models import FLOATING_IP, OF_ROUTERS, Port
from haneul.services.network.routers.models import routers

OWNER = select(routers.c.project_id).where(routers.c.id == bindparam("device_id"))
FLOATING = select(floating_ips.c.id).where(floating_ips.c.id == bindparam("device_id"))


def refuse_deleting(db: Db, port: Port) -> None:
    """Conflict for a port of a router or floating IP that is there: only what it belongs to may take it away."""
    owned_by = FLOATING if port.device_owner == FLOATING_IP else OWNER
    if port.device_owner in OF_ROUTERS and db.value(owned_by, device_id=port.device_id) is not None:
        raise Conflict(
            "Port {id} cannot be deleted directly via the port API: has device owner {owner}.",
            kind="ServicePortInUse",
            id=port.id,
            owner=port.device_owner,
        )


def refuse_others_router(db: Db, device_owner: str, device_id: str, project_id: str) -> None:
    """Conflict for a port that would be a leg of another project's router (CVE-2014-0056)."""
    if device_owner not in OF_ROUTERS:
        return
    owner = db.value(OWNER, device_id=device_id)
    if owner not in (None, project_id):
        raise Conflict(
            "The following device_id {device_id} is not owned by your tenant or matches another tenants router.",
            kind="DeviceIDNotOwnedByTenant",
            device_id=device_id,
        )
