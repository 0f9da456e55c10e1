from collections.abc import Sequence
from typing import Any

import msgspec

from haneul.kernel import operations
from haneul.kernel.db.listing import Page
from haneul.kernel.errors import BadRequest
from haneul.kernel.http import Call, Listed, Routes, listed
from haneul.kernel.policy import Rule
from haneul.kernel.schema import UNSET
from haneul.services.block_storage.base_rules import ADMIN, MEMBER, READER
from haneul.services.block_storage.config import BlockStorageSettings
from haneul.services.block_storage.types import logic as types
from haneul.services.block_storage.volumes import asking, logic, queries
from haneul.services.block_storage.volumes.models import Volume
from haneul.services.block_storage.volumes.operations import CreateVolume, DeleteVolume
from haneul.services.block_storage.volumes.schemas import (
    Beheld,
    MadeView,
    ShortView,
    VolumeCreateBody,
    VolumeUpdate,
    VolumeView,
    view,
)

CREATE = Rule("volume:create", MEMBER, "Create a volume.")
CREATE_FROM_IMAGE = Rule("volume:create_from_image", MEMBER, "Create a volume of an image.")
GET = Rule("volume:get", READER, "Show a volume.")
LIST = Rule("volume:get_all", READER, "List volumes.")
UPDATE = Rule("volume:update", MEMBER, "Change a volume's name and description.")
DELETE = Rule("volume:delete", MEMBER, "Delete a volume.")
SEES_PROJECT = Rule("volume_extension:volume_tenant_attribute", READER, "See a volume's project.")
SEES_HOST = Rule("volume_extension:volume_host_attribute", ADMIN, "See where a volume lies.")
SEES_MIGRATION = Rule("volume_extension:volume_mig_status_attribute", ADMIN, "See how a volume's migration goes.")
IS_ADMIN = Rule("context_is_admin", "role:admin", "Be an administrator of the whole cloud.")
DELETABLE = ("available", "error", "error_restoring", "error_extending", "error_managing")


def loaded(call: Call, volume_id: str, *, rule: Rule | None = None) -> Volume:
    """The volume of a request's path, the route's rule enforced on it."""
    volume = logic.get_visible(call.db, volume_id, call.caller)
    call.enforce(volume, rule=rule)
    return volume


def shown(call: Call, found: Sequence[Volume]) -> list[VolumeView]:
    """The volumes as this caller sees them."""
    names = types.names_of(call.db, {volume.type_id for volume in found})
    return [view(volume, _beheld(call, volume, names)) for volume in found]


def _beheld(call: Call, volume: Volume, names: dict[str, str]) -> Beheld:
    return Beheld(
        links=links(call, volume.id),
        type_name=names.get(volume.type_id),
        sees_project=call.allows(SEES_PROJECT, volume),
        sees_host=call.allows(SEES_HOST, volume),
        sees_migration=call.allows(SEES_MIGRATION, volume),
        is_admin=call.allows(IS_ADMIN),
    )


def links(call: Call, volume_id: str) -> list[dict[str, str]]:
    project = f"/{call.ask.project_id}" if call.ask.project_id else ""
    return [
        {"rel": "self", "href": call.url(f"/v3{project}/volumes/{volume_id}")},
        {"rel": "bookmark", "href": call.url(f"{project}/volumes/{volume_id}")},
    ]


def routes_with(settings: BlockStorageSettings) -> Routes:
    routes = Routes()

    @routes.post("/v3/volumes", rule=CREATE, status=202)
    def create_volume(call: Call, body: VolumeCreateBody) -> MadeView:
        call.enforce({"project_id": call.caller.project_id})
        wanted, source = asking.understood(call, body.volume, settings.default_type)
        if wanted.source_kind == "image":
            call.enforce({"project_id": call.caller.project_id}, rule=CREATE_FROM_IMAGE)
        volume = logic.create(call.db, wanted)
        told: dict[str, Any] = {"settings": msgspec.to_builtins(settings)}
        if source is not None:
            told["place"] = source.host
        operations.start(call.db, CreateVolume, volume.id, by=call, input=told)
        return MadeView(volume=shown(call, [volume])[0])

    @routes.get("/v3/volumes", rule=LIST, wraps="volumes")
    def list_volumes(call: Call) -> Listed[ShortView]:
        page, found = _listed(call)
        return listed(page, found, lambda one: ShortView(id=one.id, name=one.name, links=links(call, one.id)), _id)

    @routes.get("/v3/volumes/detail", rule=LIST, wraps="volumes")
    def list_volumes_in_detail(call: Call) -> Listed[VolumeView]:
        page, found = _listed(call)
        views = {one.id: one for one in shown(call, found)}
        return listed(page, found, lambda one: views[one.id], _id)

    @routes.get("/v3/volumes/{volume_id}", rule=GET, wraps="volume", quick=True)
    def get_volume(call: Call, volume_id: str) -> VolumeView:
        return shown(call, [loaded(call, volume_id)])[0]

    @routes.put("/v3/volumes/{volume_id}", rule=UPDATE, wraps="volume")
    def update_volume(call: Call, volume_id: str, body: VolumeUpdate) -> VolumeView:
        volume, wanted = loaded(call, volume_id), body
        if wanted.metadata is not UNSET:
            volume = logic.set_metadata(call.db, volume, wanted.metadata)
        changes = {
            column: given
            for column, given in (
                ("name", wanted.display_name),
                ("description", wanted.display_description),
                ("name", wanted.name),
                ("description", wanted.description),
            )
            if given is not UNSET
        }
        return shown(call, [logic.change(call.db, volume, **changes) if changes else volume])[0]

    @routes.delete("/v3/volumes/{volume_id}", rule=DELETE, status=202)
    def delete_volume(call: Call, volume_id: str) -> None:
        volume = loaded(call, volume_id)
        if volume.status not in DELETABLE or volume.migration_status not in (None, "error", "success"):
            raise BadRequest(
                "Invalid volume: Volume status must be {good} and must not be migrating, attached, belong to a group, "
                "have snapshots, awaiting a transfer, or be disassociated from snapshots after volume transfer.",
                good=" or ".join(DELETABLE),
            )
        logic.change(call.db, volume, status="deleting", previous_status=volume.status)
        operations.start(
            call.db, DeleteVolume, volume.id, by=call, input={"failed_status": "error_deleting"}, supersedes=True
        )

    return routes


def _id(volume: Volume) -> str:
    return volume.id


def _listed(call: Call) -> tuple[Page, list[Volume]]:
    call.enforce({"project_id": call.caller.project_id})
    page, filters = call.page(), {"project_id": call.caller.project_id}
    return page, queries.LISTING.page(call.db, page, filters)
