from collections.abc import Sequence
from typing import Any

import msgspec

from haneul.kernel import operations
from haneul.kernel.errors import BadRequest
from haneul.kernel.http import Call, Listed, Routes
from haneul.kernel.policy import Rule
from haneul.kernel.schema import UNSET
from haneul.services.block_storage.config import BlockStorageSettings
from haneul.services.block_storage.lists import IS_ADMIN, Filters, filters_of, listed, rows_of
from haneul.services.block_storage.quota_sets.logic import take_volume
from haneul.services.block_storage.types import logic as types
from haneul.services.block_storage.volumes import asking, logic, rules
from haneul.services.block_storage.volumes.deletion import Manner, delete
from haneul.services.block_storage.volumes.hints import places_of
from haneul.services.block_storage.volumes.models import Volume
from haneul.services.block_storage.volumes.operations import CreateVolume
from haneul.services.block_storage.volumes.queries import VOLUMES
from haneul.services.block_storage.volumes.schemas import (
    Beheld,
    MadeView,
    ShortView,
    SummaryView,
    VolumeCreate,
    VolumeCreateBody,
    VolumeUpdate,
    VolumeView,
    view,
)
from haneul.services.block_storage.volumes.summary import summary
from haneul.services.block_storage.yes_no import asked_truth


def loaded(call: Call, volume_id: str, *, rule: Rule | None = None) -> Volume:
    """The volume of a request's path, the route's rule enforced on it."""
    volume = logic.get_visible(call.db, volume_id, call.caller)
    call.enforce(volume, rule=rule)
    return volume


def shown(call: Call, found: Sequence[Volume]) -> list[VolumeView]:
    """The volumes as this caller sees them."""
    names = types.names_of(call.db, {volume.type_id for volume in found})
    return [view(volume, _beheld(call, volume, names)) for volume in found]


def answered(call: Call, volume: Volume) -> VolumeView:
    """A volume as the requests that make or change it tell it: without what Cinder adds where volumes are read."""
    names = types.names_of(call.db, {volume.type_id})
    hidden = dict.fromkeys(("sees_project", "sees_host", "sees_migration", "sees_image"), False)
    return view(volume, msgspec.structs.replace(_beheld(call, volume, names), **hidden))


def _beheld(call: Call, volume: Volume, names: dict[str, str]) -> Beheld:
    return Beheld(
        links=links(call, volume.id),
        type_name=names.get(volume.type_id),
        sees_project=call.allows(rules.SEES_PROJECT, volume),
        sees_host=call.allows(rules.SEES_HOST, volume),
        sees_migration=call.allows(rules.SEES_MIGRATION, volume),
        sees_image=call.allows(rules.SEES_IMAGE, volume),
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

    @routes.post("/v3/volumes", rule=rules.CREATE, status=202)
    def create_volume(call: Call, body: VolumeCreateBody) -> MadeView:
        call.enforce({"project_id": call.caller.project_id})
        asking.refuse_unknown(call, VolumeCreate)
        wanted, source = asking.understood(call, body.volume, settings.default_type)
        hints = places_of(call.db, body.hints, source)
        if wanted.source_kind == "image":
            call.enforce({"project_id": call.caller.project_id}, rule=rules.CREATE_FROM_IMAGE)
        take_volume(call.db, wanted.project_id, wanted.size_gb, wanted.type_id)
        volume = logic.create(call.db, wanted)
        told: dict[str, Any] = {"settings": msgspec.to_builtins(settings), "hints": hints}
        if source is not None:
            told["place"] = source.host
        operations.start(call.db, CreateVolume, volume.id, by=call, input=told)
        return MadeView(volume=answered(call, volume))

    @routes.get("/v3/volumes", rule=rules.LIST, wraps="volumes")
    def list_volumes(call: Call) -> Listed[ShortView]:
        filters, found = _found(call)
        views = [ShortView(id=one.id, name=one.name, links=links(call, one.id)) for one in found]
        return listed(call, VOLUMES, filters, views, [one.id for one in found])

    @routes.get("/v3/volumes/detail", rule=rules.LIST, wraps="volumes")
    def list_volumes_in_detail(call: Call) -> Listed[VolumeView]:
        filters, found = _found(call)
        return listed(call, VOLUMES, filters, shown(call, found), [one.id for one in found])

    @routes.get("/v3/volumes/summary", rule=rules.LIST, wraps="volume-summary", since="3.12")
    def summarize_volumes(call: Call) -> SummaryView:
        call.enforce({"project_id": call.caller.project_id})
        everywhere = call.allows(IS_ADMIN) and asked_truth(call.ask.parameters, "all_tenants")
        return summary(call.db, None if everywhere else call.caller.project_id or "")

    @routes.get("/v3/volumes/{volume_id}", rule=rules.GET, wraps="volume", quick=True)
    def get_volume(call: Call, volume_id: str) -> VolumeView:
        return shown(call, [loaded(call, volume_id)])[0]

    @routes.put("/v3/volumes/{volume_id}", rule=rules.UPDATE, wraps="volume")
    def update_volume(call: Call, volume_id: str, body: VolumeUpdate) -> VolumeView:
        asking.refuse_unknown(call, VolumeUpdate)
        volume = loaded(call, volume_id)
        if volume.status == "maintenance":
            raise BadRequest("Invalid volume: The volume cannot be updated during maintenance.")
        if body.metadata is not UNSET:
            volume = logic.set_metadata(call.db, volume, body.metadata)
        changes = body.changes()
        return answered(call, logic.change(call.db, volume, **changes) if changes else volume)

    @routes.delete("/v3/volumes/{volume_id}", rule=rules.DELETE, status=202)
    def delete_volume(call: Call, volume_id: str) -> None:
        cascade = asked_truth(call.ask.parameters, "cascade")
        force = call.at_least("3.23") and asked_truth(call.ask.parameters, "force")
        volume = loaded(call, volume_id)
        if force:
            call.enforce(volume, rule=rules.FORCE_DELETE)
        delete(call.db, call, volume, Manner(cascade=cascade, force=force, is_admin=call.allows(IS_ADMIN)))

    return routes


def _found(call: Call) -> tuple[Filters, list[Volume]]:
    call.enforce({"project_id": call.caller.project_id})
    filters = filters_of(call, VOLUMES)
    return filters, rows_of(call, VOLUMES, filters)
