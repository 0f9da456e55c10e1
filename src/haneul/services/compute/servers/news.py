"""What other programs are told of servers, under Nova's names."""

from typing import Any

from haneul.kernel.db import Db
from haneul.kernel.events import emit
from haneul.kernel.operations import Asker
from haneul.services.compute.servers.models import Server


def payload_of(server: Server) -> dict[str, Any]:
    """A server as an event tells of it."""
    return {
        "instance_id": server.id,
        "tenant_id": server.project_id,
        "user_id": server.user_id,
        "display_name": server.name,
        "host": server.host,
        "vcpus": server.vcpus,
        "memory_mb": server.memory_mb,
    }


def changed(db: Db, by: Asker, server: Server) -> None:
    """Tell that what is said of a server has changed."""
    emit(db, "compute.instance.update", payload_of(server), publisher="compute", request_id=by.request_id)
