from typing import Any

import msgspec

from haneul.kernel.db import fields
from haneul.kernel.errors import BadRequest
from haneul.kernel.http import Call, Listed, Reply, Routes, listed
from haneul.kernel.policy import Rule
from haneul.services.identity.catalog.bodies import changed_extras
from haneul.services.identity.catalog.rules import admins
from haneul.services.identity.extras import extras, with_extras
from haneul.services.identity.regions import logic
from haneul.services.identity.regions.models import Region
from haneul.services.identity.regions.schemas import RegionCreate, RegionFilters, RegionUpdate, RegionView

routes = Routes()

GET = Rule("identity:get_region", "", "Show a region.")
LIST = Rule("identity:list_regions", "", "List regions.")
CREATE = admins("create_region", "Create a region.")
UPDATE = admins("update_region", "Change a region.")
DELETE = admins("delete_region", "Delete a region.")

View = RegionView | dict[str, Any]


def view(call: Call, region: Region) -> View:
    return with_extras(RegionView.of(region, call.url("/v3/regions")), region.extra)


@routes.get("/v3/regions", rule=LIST, wraps="regions")
def list_regions(call: Call, query: RegionFilters) -> Listed[View]:
    call.enforce()
    page = call.page()
    found = logic.list_(call.db, page, fields(query))
    return listed(page, found, lambda region: view(call, region), lambda region: region.id)


@routes.post("/v3/regions", rule=CREATE, wraps="region")
def create_region(call: Call, body: RegionCreate) -> View:
    call.enforce()
    return view(call, logic.create(call.db, body, extras(call, body)))


@routes.get("/v3/regions/{region_id}", rule=GET, wraps="region", quick=True)
def get_region(call: Call, region_id: str) -> View:
    call.enforce()
    return view(call, logic.get(call.db, region_id))


@routes.put("/v3/regions/{region_id}", rule=CREATE, wraps="region")
def create_region_with_id(call: Call, region_id: str, body: RegionCreate) -> Reply[View]:
    call.enforce()
    if body.id not in (None, region_id):
        raise BadRequest('Conflicting region IDs specified: "{url}" != "{body}"', url=region_id, body=body.id)
    named = msgspec.structs.replace(body, id=region_id)
    return Reply(view=view(call, logic.create(call.db, named, extras(call, body))), status=201)


@routes.patch("/v3/regions/{region_id}", rule=UPDATE, wraps="region")
def update_region(call: Call, region_id: str, body: RegionUpdate) -> View:
    call.enforce()
    region = logic.get(call.db, region_id)
    return view(call, logic.update(call.db, region, body, changed_extras(call, body, region_id)))


@routes.delete("/v3/regions/{region_id}", rule=DELETE)
def delete_region(call: Call, region_id: str) -> None:
    call.enforce()
    logic.delete(call.db, logic.get(call.db, region_id))
