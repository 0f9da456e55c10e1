"""Deciding about servers, and writing what is wanted of them. Hosts make it so."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NoReturn

import msgspec
from msgspec import UNSET

from haneul.kernel import operations
from haneul.kernel.auth import Caller
from haneul.kernel.clock import EPOCH, from_iso, iso_seconds, now
from haneul.kernel.db import Db, fields
from haneul.kernel.db.listing import Clause, Page
from haneul.kernel.errors import BadRequest, Conflict, NotFound
from haneul.kernel.ids import is_uuid_like, new_uuid
from haneul.kernel.operations import Asker, Operation
from haneul.kernel.reconcile.plans import touch
from haneul.services.compute.block_devices.models import BlockDevice, block_devices
from haneul.services.compute.nics import logic as nics
from haneul.services.compute.nics.logic import NicWanted
from haneul.services.compute.servers import addresses, hostnames, queries
from haneul.services.compute.servers.models import Server, servers, verbs
from haneul.services.compute.servers.schemas import ServerUpdate
from haneul.services.compute.wire import GUESTS

POWER_STATES = {"running": 1, "paused": 3, "stopped": 4, "suspended": 4, "crashed": 6}
NO_POWER = 0
GONE = "gone"
"""The wanted power of a server that no host shall have: deleted, or never built."""
FIRST_DISK_SLOT = 5
SETTLED = ("active", "paused", "suspended", "stopped")
"""The states in which what is said of a server may be changed."""


class NewServer(msgspec.Struct, frozen=True, kw_only=True):
    """A server to be, all that it refers to already found. `flavor` is kept on the row as it is now."""

    name: str
    hostname: str
    description: str | None
    flavor: dict[str, Any]
    flavor_id: str
    image_id: str
    zone: str
    key_name: str = ""
    key: dict[str, Any] | None = None
    image_properties: dict[str, str] = {}
    scheduler_hints: dict[str, Any] = {}
    auto_disk_config: bool | None = None
    user_data: str | None = None
    metadata: dict[str, str] = {}
    tags: list[str] = []
    config_drive: bool = False
    access_ipv4: str = ""
    access_ipv6: str = ""
    nics: Sequence[NicWanted] = ()
    count: int = 1


def get(db: Db, server_id: str, caller: Caller, *, with_deleted: bool = False) -> Server:
    """The server, if it is the caller's project's or the caller is an admin; NotFound otherwise."""
    server = db.one(queries.BY_ID, id=server_id) if is_uuid_like(server_id) else None
    hidden = server is not None and server.project_id != caller.project_id and "admin" not in caller.roles
    if server is None or hidden or (server.deleted_at is not None and not with_deleted):
        raise NotFound("Instance {id} could not be found.", id=server_id)
    return server


def list_(db: Db, page: Page, filters: Mapping[str, Any], clauses: Sequence[Clause] = ()) -> list[Server]:
    return queries.LISTING.page(db, page, filters, clauses)


def create(db: Db, by: Asker, wanted: NewServer, operation: type[Operation]) -> list[Server]:
    """Write the rows of `count` servers in state building, each with its disks and the operation that makes it."""
    reservation_id = "r-" + "".join(secrets.choice("abcdefghijklmnopqrstuvwxyz0123456789") for _ in range(8))
    made = []
    for index in range(wanted.count):
        suffix = f"-{index + 1}" if wanted.count > 1 else ""
        values = _first_values(by, wanted, suffix, index, reservation_id)
        db.insert_numbered(servers, **values)
        db.insert_all(block_devices, _disks(values["id"], wanted))
        nics.give(db, wanted.nics, values["project_id"], values["id"], values["hostname"])
        operations.start(db, operation, values["id"], by=by, input={"zone": wanted.zone})
        made.append(current(db, values["id"]))
    return made


def _first_values(by: Asker, wanted: NewServer, suffix: str, index: int, reservation_id: str) -> dict[str, Any]:
    moment, server_id = now(), new_uuid()
    return {
        "id": server_id,
        "project_id": by.caller.project_id,
        "user_id": by.caller.user_id,
        "name": wanted.name + suffix,
        "hostname": wanted.hostname or hostnames.made_of(wanted.name + suffix, f"Server-{server_id}"),
        "description": wanted.description,
        "vm_state": "building",
        "task_state": "scheduling",
        "power_state": NO_POWER,
        "host": "",
        "zone": wanted.zone,
        "image_id": wanted.image_id,
        "flavor": wanted.flavor,
        "flavor_id": wanted.flavor_id,
        "vcpus": wanted.flavor["vcpus"],
        "memory_mb": wanted.flavor["memory_mb"],
        "machine": "",
        "key_name": wanted.key_name,
        "key": wanted.key,
        "user_data": wanted.user_data,
        "metadata": wanted.metadata,
        "tags": wanted.tags,
        "config_drive": wanted.config_drive,
        "access_ipv4": wanted.access_ipv4,
        "access_ipv6": wanted.access_ipv6,
        "reservation_id": reservation_id,
        "launch_index": index,
        "is_locked": False,
        "locked_reason": None,
        "locked_by": "",
        "pinned_zone": wanted.zone or None,
        "scheduler_hints": wanted.scheduler_hints,
        "image_properties": wanted.image_properties,
        "auto_disk_config": wanted.auto_disk_config,
        "fault": None,
        "wanted_power": "running",
        "generation": 0,
        "wanted_by": by.request_id,
        "observed_generation": 0,
        "observed_state": "",
        "observed_error": "",
        "created_at": moment,
        "updated_at": moment,
        "launched_at": EPOCH,
        "deleted_at": None,
        "is_deleted": False,
    }


def _disks(server_id: str, wanted: NewServer) -> list[BlockDevice]:
    """The root disk, over the image, and an empty one where the flavor has an ephemeral disk."""
    root = BlockDevice(
        id=new_uuid(),
        server_id=server_id,
        source_type="image",
        destination_type="local",
        image_id=wanted.image_id,
        size_gb=wanted.flavor["disk_gb"],
        device_name="/dev/vda",
        bus="virtio",
        boot_index=0,
        pci_slot=FIRST_DISK_SLOT,
        delete_on_termination=True,
    )
    if not wanted.flavor["ephemeral_gb"]:
        return [root]
    ephemeral = msgspec.structs.replace(
        root,
        id=new_uuid(),
        source_type="blank",
        image_id=None,
        size_gb=wanted.flavor["ephemeral_gb"],
        device_name="/dev/vdb",
        boot_index=None,
        pci_slot=FIRST_DISK_SLOT + 1,
    )
    return [root, ephemeral]


def update(db: Db, server: Server, wanted: ServerUpdate) -> Server:
    """Change what a user may change without the host."""
    changes = {name: value for name, value in fields(wanted).items() if name in ("description", "hostname")}
    if wanted.name is not UNSET:
        changes["name"] = wanted.name.strip()
    if wanted.accessIPv4 is not UNSET:
        changes["access_ipv4"] = addresses.canonical(wanted.accessIPv4, 4, "accessIPv4")
    if wanted.accessIPv6 is not UNSET:
        changes["access_ipv6"] = addresses.canonical(wanted.accessIPv6, 6, "accessIPv6")
    if wanted.disk_config is not UNSET:
        changes["auto_disk_config"] = wanted.disk_config == "AUTO"
    if changes:
        db.update(servers, {"id": server.id}, **changes, updated_at=now())
    return current(db, server.id)


def set_state(db: Db, server: Server, **values: Any) -> None:
    """Write a server's state; the row must still be in the vm_state that was read."""
    matched = db.update(servers, {"id": server.id, "vm_state": server.vm_state}, **values, updated_at=now())
    if not matched:
        raise Conflict("Server {id} was changed by another request at the same time.", id=server.id)


def want(db: Db, server: Server, request_id: str, **values: Any) -> int:
    """Write what a request wants of a server as a new generation, and wake its host; the generation."""
    generation = server.generation + 1
    matched = db.update(
        servers,
        {"id": server.id, "generation": server.generation},
        **values,
        generation=generation,
        wanted_by=request_id,
        observed_error="",
        updated_at=now(),
    )
    if not matched:
        raise Conflict("Server {id} was changed by another request at the same time.", id=server.id)
    if server.host or values.get("host"):
        touch(db, values.get("host", server.host), GUESTS, (server.id,))
    return generation


def ask_once(db: Db, server: Server, request_id: str, verb: str, target: str = "") -> str:
    """Ask the server's host to do something once; the request's id. `target` is what it shall be done with."""
    verb_id = new_uuid()
    db.run(verbs.insert(), id=verb_id, server_id=server.id, verb=verb, target=target, created_at=now(), done_at=None)
    want(db, server, request_id)
    return verb_id


def begin_delete(db: Db, by: Asker, server: Server, operation: type[Operation]) -> None:
    """Delete a server, whatever else is under way with it. Asking twice is asking once."""
    if server.task_state == "deleting":
        return
    db.update(servers, {"id": server.id}, task_state="deleting", updated_at=now())
    operations.start(db, operation, server.id, by=by, supersedes=True)


def fail(db: Db, server_id: str, message: str, code: int = 500) -> None:
    """Put a server into ERROR with a sentence for its user."""
    fault = {"code": code, "created": iso_seconds(now()), "message": message}
    db.update(servers, {"id": server_id}, vm_state="error", task_state="", fault=fault, updated_at=now())


def refuse_unless(server: Server, action: str, *states: str) -> None:
    """Conflict, in Nova's words, unless the server is in one of these states and not busy or locked."""
    if server.vm_state not in states:
        _refuse_state(server, action)
    if server.task_state:
        raise Conflict(
            "Cannot '{action}' instance {id} while it is in task_state {state}",
            action=action,
            id=server.id,
            state=server.task_state,
        )


def refuse_unless_settled(server: Server, action: str) -> None:
    """Conflict, in Nova's words, for a server that is not made yet, in ERROR or deleted; it may be busy."""
    if server.vm_state not in SETTLED:
        _refuse_state(server, action)


def _refuse_state(server: Server, action: str) -> NoReturn:
    raise Conflict(
        "Cannot '{action}' instance {id} while it is in vm_state {state}",
        action=action,
        id=server.id,
        state=server.vm_state,
    )


def refuse_locked(server: Server, caller: Caller) -> None:
    if server.is_locked and "admin" not in caller.roles:
        raise Conflict("Instance {id} is locked", id=server.id)


def moment_of(text: str, name: str) -> datetime:
    """A filter's ISO 8601 moment; BadRequest if it is none."""
    try:
        return from_iso(text)
    except ValueError:
        raise BadRequest("Invalid filter field: {name}.", name=name) from None


def current(db: Db, server_id: str) -> Server:
    """The server's row as this transaction sees it, for who knows that it is there."""
    server = db.one(queries.BY_ID, id=server_id)
    assert server is not None
    return server
