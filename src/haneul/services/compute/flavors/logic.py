import re
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, bindparam, exists, or_

from haneul.kernel.clock import now
from haneul.kernel.db import Db, Query, by, columns_of, unique
from haneul.kernel.db.listing import Listing, Page, Where
from haneul.kernel.errors import BadRequest, Conflict, NotFound
from haneul.kernel.ids import new_uuid
from haneul.services.compute.flavors.models import (
    ExtraSpec,
    Flavor,
    FlavorAccess,
    extra_specs,
    flavor_access,
    flavors,
)
from haneul.services.compute.flavors.schemas import FlavorCreate, FlavorQuery

NAME_TAKEN = "Flavor with name {name} already exists."
ID_TAKEN = "Flavor with ID {id} already exists."
BY_ID = by(Flavor, flavors, "id")
BY_NAME = by(Flavor, flavors, "name")
ACCESS = by(FlavorAccess, flavor_access, "flavor_id", "project_id")
SPECS_OF = Query(
    ExtraSpec,
    columns_of(ExtraSpec, extra_specs)
    .where(extra_specs.c.flavor_id.in_(bindparam("flavor_ids", expanding=True)))
    .order_by(extra_specs.c.flavor_id, extra_specs.c.key),
)


def _granted_to(project_id: BindParameter[Any]) -> ColumnElement[bool]:
    return exists().where(flavor_access.c.flavor_id == flavors.c.id, flavor_access.c.project_id == project_id)


def _visible_to(project_id: BindParameter[Any]) -> ColumnElement[bool]:
    return or_(flavors.c.is_public.is_(True), _granted_to(project_id))


LISTING = Listing(
    Flavor,
    flavors,
    filters={
        "is_public": flavors.c.is_public,
        "visible_to": _visible_to,
        "memory_mb": flavors.c.memory_mb,
        "disk_gb": flavors.c.disk_gb,
    },
    sorts={
        "created_at": flavors.c.created_at,
        "description": flavors.c.description,
        # Flavors were once numbered, disabled and weighted: nothing of that differs between them any more.
        "disabled": flavors.c.id,
        "vcpu_weight": flavors.c.id,
        "id": flavors.c.created_at,
        "ephemeral_gb": flavors.c.ephemeral_gb,
        "flavorid": flavors.c.id,
        "is_public": flavors.c.is_public,
        "memory_mb": flavors.c.memory_mb,
        "name": flavors.c.name,
        "root_gb": flavors.c.disk_gb,
        "rxtx_factor": flavors.c.rxtx_factor,
        "swap": flavors.c.swap_mb,
        "updated_at": flavors.c.updated_at,
        "vcpus": flavors.c.vcpus,
    },
    default_sort=(("flavorid", "asc"),),
    bounds=("visible_to",),
)


def get(db: Db, flavor_id: str) -> Flavor:
    """The flavor, whoever may see it; NotFound."""
    flavor = db.one(BY_ID, id=flavor_id)
    if flavor is None:
        raise NotFound("Flavor {id} could not be found.", id=flavor_id)
    return flavor


def get_visible(db: Db, flavor_id: str, project_id: str | None) -> Flavor:
    """The flavor if it is public or this project has access to it, else NotFound; None for a project sees all."""
    flavor = get(db, flavor_id)
    hidden = not flavor.is_public and project_id is not None
    if hidden and db.one(ACCESS, flavor_id=flavor.id, project_id=project_id) is None:
        raise NotFound("Flavor {id} could not be found.", id=flavor_id)
    return flavor


def specs_of(db: Db, flavor_ids: Sequence[str]) -> dict[str, dict[str, str]]:
    """The extra specs of these flavors, by flavor."""
    found: dict[str, dict[str, str]] = {flavor_id: {} for flavor_id in flavor_ids}
    for spec in db.all(SPECS_OF, flavor_ids=list(flavor_ids)):
        found[spec.flavor_id][spec.key] = spec.value
    return found


def list_(db: Db, page: Page, filters: Mapping[str, Any]) -> list[Flavor]:
    return LISTING.page(db, page, filters)


def filters_of(query: FlavorQuery, project_id: str | None) -> dict[str, Any]:
    """The list's filters. A project sees public flavors and those granted to it; None may ask for any kind."""
    filters: dict[str, Any] = {}
    is_public = _publicity(query.is_public) if project_id is None else True
    if is_public is False:
        filters["is_public"] = False
    elif is_public:
        filters["visible_to"] = project_id or ""
    for name, column in (("min_ram", "memory_mb"), ("min_disk", "disk_gb")):
        text = getattr(query, name)
        if isinstance(text, str):
            filters[column] = Where("gte", _whole(name, text))
    return filters


def _publicity(word: object) -> bool | None:
    if not isinstance(word, str):
        return True
    match word.strip().lower():
        case "none":
            return None
        case "1" | "t" | "true" | "on" | "y" | "yes":
            return True
        case "0" | "f" | "false" | "off" | "n" | "no":
            return False
    raise BadRequest("Invalid is_public filter [{word}]", word=word)


def _whole(name: str, text: str) -> int:
    wire_name = {"min_ram": "minRam", "min_disk": "minDisk"}[name]
    if not re.fullmatch(r"\s*[+-]?[0-9]{1,18}\s*", text):
        raise BadRequest("Invalid {name} filter [{text}]", name=wire_name, text=text)
    return int(text)


def create(db: Db, wanted: FlavorCreate) -> Flavor:
    """Insert a flavor; Conflict if its id or name is taken."""
    flavor = Flavor(
        id=new_uuid() if wanted.id is None else str(wanted.id),
        name=wanted.name,
        description=wanted.description or None,
        vcpus=wanted.vcpus,
        memory_mb=wanted.ram,
        disk_gb=wanted.disk,
        ephemeral_gb=wanted.ephemeral,
        swap_mb=wanted.swap,
        rxtx_factor=wanted.rxtx_factor,
        is_public=wanted.is_public,
        created_at=now(),
        updated_at=now(),
    )
    if db.one(BY_ID, id=flavor.id) is not None:
        raise Conflict(ID_TAKEN, id=flavor.id)
    with unique(NAME_TAKEN, flavor):
        return db.insert(flavors, flavor)


def update(db: Db, flavor: Flavor, description: str | None) -> Flavor:
    """Change a flavor's description: all else of it stands as long as it lives."""
    db.update(flavors, {"id": flavor.id}, description=description, updated_at=now())
    return get(db, flavor.id)


def delete(db: Db, flavor_id: str) -> None:
    """Delete a flavor with its specs and grants; NotFound."""
    flavor = get(db, flavor_id)
    db.delete(extra_specs, flavor_id=flavor.id)
    db.delete(flavor_access, flavor_id=flavor.id)
    db.delete(flavors, id=flavor.id)
