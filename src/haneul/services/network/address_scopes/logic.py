from collections.abc import Mapping, Sequence

from sqlalchemy import bindparam, select

from haneul.kernel.db import Db, by, fields
from haneul.kernel.db.listing import Clause, Listing
from haneul.kernel.errors import BadRequest, Conflict
from haneul.services.network.address_scopes.models import AddressScope, address_scopes
from haneul.services.network.address_scopes.schemas import AddressScopeCreate, AddressScopeUpdate
from haneul.services.network.lists import Asked, boolean, fetched
from haneul.services.network.owners import Viewer
from haneul.services.network.rbac import sharing
from haneul.services.network.standard import Changes, missing, standard_values
from haneul.services.network.subnet_pools.models import subnet_pools
from haneul.services.network.subnets.cidrs import unfit

ADDRESS_SCOPE = "address_scope"
BY_ID = by(AddressScope, address_scopes, "id")
CHANGES = Changes(address_scopes)
POOLS_IN = select(subnet_pools.c.id).where(subnet_pools.c.address_scope_id == bindparam("scope_id"))
LISTING = Listing(
    AddressScope,
    address_scopes,
    filters={name: address_scopes.c[name] for name in ("id", "project_id", "name", "ip_version")},
    sorts={name: address_scopes.c[name] for name in ("id", "name", "project_id", "ip_version")},
    default_sort=(("id", "asc"),),
)


def get(db: Db, scope_id: str, viewer: Viewer | None = None) -> AddressScope:
    """The address scope, if there is one that the viewer may see; NotFound."""
    scope = db.one(BY_ID, id=scope_id)
    if scope is None or not (viewer is None or _can_see(db, scope, viewer)):
        raise missing("address scope", scope_id)
    return scope


def _can_see(db: Db, scope: AddressScope, viewer: Viewer) -> bool:
    if viewer.is_admin or scope.project_id == viewer.project_id:
        return True
    return sharing.may_use(db, ADDRESS_SCOPE, scope.id, viewer.project_id)


def list_(db: Db, viewer: Viewer, wanted: Asked, clauses: Sequence[Clause]) -> list[AddressScope]:
    seen = [] if viewer.is_admin else [sharing.visible(ADDRESS_SCOPE, address_scopes, viewer.project_id)]
    return fetched(db, LISTING, wanted, [*seen, *clauses])


def clauses(parameters: Mapping[str, Sequence[str]], project_id: str) -> list[Clause]:
    """The condition of a list's query that is no column: `shared`."""
    return [
        sharing.is_shared(ADDRESS_SCOPE, address_scopes, project_id, wanted=boolean("shared", value))
        for value in parameters.get("shared", ())[-1:]
    ]


def create(db: Db, wanted: AddressScopeCreate, project_id: str) -> AddressScope:
    """Insert an address scope."""
    if wanted.ip_version not in (4, 6):
        raise unfit("ip_version", "{version} is not in valid_values", version=wanted.ip_version)
    scope = AddressScope(**standard_values(project_id), name=wanted.name, ip_version=wanted.ip_version)
    db.insert(address_scopes, scope)
    if wanted.shared:
        sharing.share(db, ADDRESS_SCOPE, scope.id, project_id)
    return scope


def update(db: Db, scope: AddressScope, wanted: AddressScopeUpdate) -> AddressScope:
    """Change an address scope; BadRequest for taking a shared one back."""
    is_shared = scope.id in sharing.shared_with(db, ADDRESS_SCOPE, [scope.id], sharing.EVERYONE)
    if wanted.shared is False and is_shared:
        raise BadRequest(
            "Unable to update address scope {id} : Shared address scope can't be unshared.",
            kind="AddressScopeUpdateError",
            id=scope.id,
        )
    if wanted.shared is True:
        sharing.share(db, ADDRESS_SCOPE, scope.id, scope.project_id)
    own = {name: value for name, value in fields(wanted).items() if name == "name"}
    CHANGES.bump(db, scope.id, **own)
    return get(db, scope.id)


def delete(db: Db, scope: AddressScope) -> None:
    """Delete an address scope; Conflict while subnet pools are in it."""
    # Who puts a pool into the scope writes its row too.
    CHANGES.bump(db, scope.id)
    if db.value(POOLS_IN, scope_id=scope.id) is not None:
        raise Conflict(
            "Unable to complete operation on address scope {id}. There are one or more subnet pools in use on the "
            "address scope.",
            kind="AddressScopeInUse",
            id=scope.id,
        )
    sharing.forget(db, ADDRESS_SCOPE, scope.id)
    db.delete(address_scopes, id=scope.id)
