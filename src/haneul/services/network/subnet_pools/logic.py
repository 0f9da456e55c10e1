from collections.abc import Mapping, Sequence
from ipaddress import ip_network

from msgspec import UNSET
from sqlalchemy import bindparam

from haneul.kernel.db import Db, Query, columns_of, fields
from haneul.kernel.db.listing import Clause, Listing
from haneul.kernel.errors import BadRequest
from haneul.services.network.lists import Asked, boolean, fetched
from haneul.services.network.owners import Viewer
from haneul.services.network.quotas.logic import counted, take_one
from haneul.services.network.rbac import sharing
from haneul.services.network.standard import Changes, missing, standard_values
from haneul.services.network.subnet_pools import prefixes, scoping
from haneul.services.network.subnet_pools.allocation import BY_ID, locked
from haneul.services.network.subnet_pools.bounds import bounds_of
from haneul.services.network.subnet_pools.models import SubnetPool, subnet_pools
from haneul.services.network.subnet_pools.schemas import SubnetPoolCreate, SubnetPoolUpdate
from haneul.services.network.subnets.cidrs import Prefix, wrong
from haneul.services.network.subnets.queries import OF_POOL
from haneul.services.network.tags import logic as tags

SUBNET_POOL = "subnetpool"
DEFAULTS = Query(
    SubnetPool,
    columns_of(SubnetPool, subnet_pools)
    .where(subnet_pools.c.is_default.is_(True), subnet_pools.c.ip_version == bindparam("ip_version"))
    .order_by(subnet_pools.c.created_at, subnet_pools.c.id),
)
QUOTA = counted(SUBNET_POOL, subnet_pools)
CHANGES = Changes(subnet_pools)
FILTERS = (
    "id",
    "project_id",
    "name",
    "description",
    "ip_version",
    "min_prefixlen",
    "max_prefixlen",
    "default_prefixlen",
    "default_quota",
    "is_default",
    "address_scope_id",
    "revision_number",
)
LISTING = Listing(
    SubnetPool,
    subnet_pools,
    filters={name: subnet_pools.c[name] for name in FILTERS},
    sorts={name: subnet_pools.c[name] for name in (*FILTERS, "created_at", "updated_at") if name != "description"},
    default_sort=(("id", "asc"),),
)


def get(db: Db, pool_id: str, viewer: Viewer | None = None) -> SubnetPool:
    """The subnet pool, if there is one that the viewer may see; NotFound."""
    pool = db.one(BY_ID, id=pool_id)
    if pool is None or not (viewer is None or _can_see(db, pool, viewer)):
        raise missing("subnet pool", pool_id)
    return pool


def _can_see(db: Db, pool: SubnetPool, viewer: Viewer) -> bool:
    if viewer.is_admin or pool.project_id == viewer.project_id:
        return True
    return sharing.may_use(db, SUBNET_POOL, pool.id, viewer.project_id)


def default_of(db: Db, version: int, viewer: Viewer | None = None) -> SubnetPool | None:
    """The default pool of an IP version, if there is one that the viewer may see."""
    found = db.all(DEFAULTS, ip_version=version)
    return next((pool for pool in found if viewer is None or _can_see(db, pool, viewer)), None)


def list_(db: Db, viewer: Viewer, wanted: Asked, clauses: Sequence[Clause]) -> list[SubnetPool]:
    seen = [] if viewer.is_admin else [sharing.visible(SUBNET_POOL, subnet_pools, viewer.project_id)]
    return fetched(db, LISTING, wanted, [*seen, *clauses])


def clauses(parameters: Mapping[str, Sequence[str]], project_id: str) -> list[Clause]:
    """The conditions of a list's query that are no columns: tags, and `shared`."""
    found = tags.clauses(parameters, "subnetpools", subnet_pools)
    for value in parameters.get("shared", ())[-1:]:
        found.append(sharing.is_shared(SUBNET_POOL, subnet_pools, project_id, wanted=boolean("shared", value)))
    return found


def create(db: Db, wanted: SubnetPoolCreate, project_id: str, viewer: Viewer) -> SubnetPool:
    """Insert a pool; BadRequest, Conflict or OverQuota with the reason why it can't be."""
    given = prefixes.merged(prefixes.prefixes_of(wanted.prefixes))
    prefixes.refuse_many(given)
    version = given[0].version
    lengths = (wanted.min_prefixlen, wanted.max_prefixlen, wanted.default_prefixlen)
    bounds = bounds_of(version, *(None if length is UNSET else length for length in lengths))
    take_one(db, project_id, QUOTA)
    pool = SubnetPool(
        **standard_values(project_id, wanted.description or ""),
        name=wanted.name,
        ip_version=version,
        prefixes=[str(prefix) for prefix in given],
        min_prefixlen=bounds.least,
        max_prefixlen=bounds.most,
        default_prefixlen=bounds.usual,
        default_quota=wanted.default_quota or 0,
        is_default=wanted.is_default or False,
        address_scope_id=wanted.address_scope_id or "",
        turns=0,
    )
    if pool.is_default:
        _refuse_second_default(db, version)
    if pool.address_scope_id:
        scoping.refuse_unfit(db, pool, given, viewer)
    db.insert(subnet_pools, pool)
    if wanted.shared:
        sharing.share(db, SUBNET_POOL, pool.id, project_id)
    return pool


def _refuse_second_default(db: Db, version: int) -> None:
    if default_of(db, version) is not None:
        raise wrong(
            "A default subnetpool for this IP family has already been set. Only one default may exist per IP family"
        )


def update(db: Db, pool: SubnetPool, wanted: SubnetPoolUpdate, viewer: Viewer) -> SubnetPool:
    """Change a pool; its prefixes may only become more."""
    given = None if wanted.prefixes is UNSET else prefixes.prefixes_of(wanted.prefixes)
    return change(db, pool, wanted, given, viewer)


def change(
    db: Db, pool: SubnetPool, wanted: SubnetPoolUpdate, given: Sequence[Prefix] | None, viewer: Viewer
) -> SubnetPool:
    """The same with prefixes that are known to be some; None for those that the pool has."""
    pool = locked(db, pool.id)
    scoping.refuse_of_other_owner(db, pool, viewer)
    own = {name: value for name, value in fields(wanted).items() if name != "prefixes"}
    if "address_scope_id" in own:
        own["address_scope_id"] = own["address_scope_id"] or ""
    now = _grown(pool, given)
    _refuse_bounds(pool, wanted)
    if wanted.is_default is True and not pool.is_default:
        _refuse_second_default(db, pool.ip_version)
    CHANGES.bump(db, pool.id, **own, prefixes=[str(prefix) for prefix in now])
    changed = get(db, pool.id)
    if changed.address_scope_id:
        scoping.refuse_unfit(db, changed, now, viewer)
    if changed.address_scope_id != pool.address_scope_id:
        scoping.tell_routers(db, pool.id)
    return changed


def _grown(pool: SubnetPool, given: Sequence[Prefix] | None) -> list[Prefix]:
    """The pool's prefixes as they will be; BadRequest for some that don't hold those that it has."""
    have: list[Prefix] = [ip_network(prefix) for prefix in pool.prefixes]
    if given is None:
        return have
    now = prefixes.merged(given)
    prefixes.refuse_many(now)
    if now[0].version != pool.ip_version:
        raise BadRequest("Cannot mix IPv4 and IPv6 prefixes in a subnet pool.", kind="PrefixVersionMismatch")
    if prefixes.without(have, now):
        raise refused_prefixes("Existing prefixes must be a subset of the new prefixes")
    return now


def refused_prefixes(reason: str) -> BadRequest:
    return BadRequest("Illegal update to prefixes: {reason}.", kind="IllegalSubnetPoolPrefixUpdate", reason=reason)


def _refuse_bounds(pool: SubnetPool, wanted: SubnetPoolUpdate) -> None:
    said = fields(wanted)
    bounds_of(
        pool.ip_version,
        said.get("min_prefixlen", pool.min_prefixlen),
        said.get("max_prefixlen", pool.max_prefixlen),
        said.get("default_prefixlen", pool.default_prefixlen),
    )


def delete(db: Db, pool: SubnetPool) -> None:
    """Delete a pool; BadRequest while subnets have prefixes of it."""
    locked(db, pool.id)
    if db.one(OF_POOL, subnetpool_id=pool.id) is not None:
        raise BadRequest(
            "Unable to delete subnet pool: Subnet pool has existing allocations.", kind="SubnetPoolDeleteError"
        )
    sharing.forget(db, SUBNET_POOL, pool.id)
    tags.forget(db, "subnetpools", pool.id)
    db.delete(subnet_pools, id=pool.id)
