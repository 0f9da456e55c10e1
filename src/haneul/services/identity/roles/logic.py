from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam

from haneul.kernel.clock import now
from haneul.kernel.db import Db, Query, by, columns_of, fields, unique
from haneul.kernel.db.listing import Listing, Page
from haneul.kernel.errors import BadRequest, Forbidden, NotFound
from haneul.kernel.ids import new_hex_id
from haneul.kernel.schema import UNSET
from haneul.services.identity.application_credentials.removal import forget_role
from haneul.services.identity.audit.logic import record
from haneul.services.identity.epoch import bump
from haneul.services.identity.options import options_after, refuse_immutable
from haneul.services.identity.projects.models import Project, projects
from haneul.services.identity.roles.models import GLOBAL, ImpliedRole, Role, implied_roles, roles
from haneul.services.identity.roles.schemas import RoleCreate, RoleUpdate

BY_ID = by(Role, roles, "id")
DOMAIN_BY_ID = by(Project, projects, "id")
LISTING = Listing(
    Role,
    roles,
    filters={name: roles.c[name] for name in ("domain_id", "name")},
    sorts={"name": roles.c.name, "id": roles.c.id},
    default_sort=(("name", "asc"),),
)
INFERENCE = by(ImpliedRole, implied_roles, "prior_role_id", "implied_role_id")
IMPLIED_BY = Query(
    Role,
    columns_of(Role, roles)
    .join(implied_roles, implied_roles.c.implied_role_id == roles.c.id)
    .where(implied_roles.c.prior_role_id == bindparam("prior_role_id"))
    .order_by(roles.c.name),
)
ALL_INFERENCES = Query(ImpliedRole, columns_of(ImpliedRole, implied_roles))
ALL_ROLES = Query(Role, columns_of(Role, roles).order_by(roles.c.name, roles.c.id))
DUPLICATE = "Conflict occurred attempting to store role - Duplicate entry found with name {name}."
ROOT = "admin"
"""The role that no other may imply."""


def find(db: Db, role_id: str) -> Role | None:
    """The role, or None: routes enforce their rule before they say that something isn't there."""
    return db.one(BY_ID, id=role_id)


def get(db: Db, role_id: str) -> Role:
    """The role; NotFound."""
    return existing(find(db, role_id), role_id)


def existing(role: Role | None, role_id: str) -> Role:
    """What was found; NotFound if nothing was."""
    if role is None:
        raise NotFound("Could not find role: {id}.", id=role_id)
    return role


def list_(db: Db, page: Page, filters: Mapping[str, Any]) -> list[Role]:
    """Roles of the domain that the filters name; of none where they name none."""
    return LISTING.page(db, page, {"domain_id": GLOBAL, **filters})


def create(db: Db, wanted: RoleCreate, extra: Mapping[str, Any]) -> Role:
    """Insert a role; Conflict if its domain, or the cloud, already has one of that name."""
    if wanted.domain_id is not None:
        domain = db.one(DOMAIN_BY_ID, id=wanted.domain_id)
        if domain is None or not domain.is_domain:
            raise NotFound("Could not find domain: {id}.", id=wanted.domain_id)
    role = Role(
        id=new_hex_id(),
        name=wanted.name.strip(),
        domain_id=wanted.domain_id or GLOBAL,
        description=wanted.description,
        options=options_after({}, wanted.options),
        extra=dict(extra),
        created_at=now(),
    )
    with unique(DUPLICATE, role):
        db.insert(roles, role)
    record(db, "role", "created", role.id, domain_id=role.owner_id)
    return role


def update(db: Db, role: Role, wanted: RoleUpdate, extra: Mapping[str, Any]) -> Role:
    """Change a role; tokens carry its new name at once."""
    bump(db)
    role = get(db, role.id)
    refuse_immutable("update", "role", role.id, role.options, wanted.options)
    if wanted.domain_id is not UNSET and (wanted.domain_id or GLOBAL) != role.domain_id:
        raise BadRequest("Update of `domain_id` is not allowed.")
    changes = {name: value for name, value in fields(wanted).items() if name in ("name", "description")}
    if "name" in changes:
        changes["name"] = changes["name"].strip()
    if wanted.options is not UNSET:
        changes["options"] = options_after(role.options, wanted.options)
    if extra:
        changes["extra"] = {**role.extra, **extra}
    if changes:
        with unique(DUPLICATE, name=changes.get("name")):
            db.update(roles, {"id": role.id}, **changes)
    record(db, "role", "updated", role.id, domain_id=role.owner_id)
    return get(db, role.id)


def delete(db: Db, role: Role) -> None:
    """Delete a role; whoever had it has it no longer."""
    bump(db)
    refuse_immutable("delete", "role", role.id, role.options)
    forget_role(db, role.id)
    db.delete(roles, id=role.id)
    record(db, "role", "deleted", role.id, domain_id=role.owner_id)


def implied_by(db: Db, role_id: str) -> list[Role]:
    """The roles that a role implies directly."""
    return db.all(IMPLIED_BY, prior_role_id=role_id)


def imply(db: Db, prior: Role, implied: Role) -> None:
    """Let a role imply another; nothing happens if it does. Never admin, never from all domains into one.

    Circles are allowed, as by Keystone: who reads implications follows each once.
    """
    bump(db)
    if implied.name == ROOT:
        raise Forbidden("{id} cannot be an implied roles.", id=implied.id)
    if prior.domain_id == GLOBAL and implied.domain_id != GLOBAL:
        raise Forbidden("Global role cannot imply a domain-specific role")
    if db.one(INFERENCE, prior_role_id=prior.id, implied_role_id=implied.id) is None:
        db.insert(implied_roles, ImpliedRole(prior.id, implied.id))
        record(db, "implied_role", "created", prior.id, domain_id=prior.owner_id, implied_role_id=implied.id)


def refuse_unimplied(db: Db, prior: Role, implied: Role) -> None:
    """NotFound unless the first role implies the second directly."""
    if db.one(INFERENCE, prior_role_id=prior.id, implied_role_id=implied.id) is None:
        raise NotFound("{prior} does not imply {implied}.", prior=prior.id, implied=implied.id)


def imply_no_longer(db: Db, prior: Role, implied: Role) -> None:
    bump(db)
    refuse_unimplied(db, prior, implied)
    db.delete(implied_roles, prior_role_id=prior.id, implied_role_id=implied.id)
    record(db, "implied_role", "deleted", prior.id, domain_id=prior.owner_id, implied_role_id=implied.id)


def inferences(db: Db) -> list[tuple[Role, Sequence[Role]]]:
    """Every role that implies others, with those."""
    by_id = {role.id: role for role in db.all(ALL_ROLES)}
    found: dict[str, list[Role]] = {}
    for one in db.all(ALL_INFERENCES):
        found.setdefault(one.prior_role_id, []).append(by_id[one.implied_role_id])
    return [(role, found[role.id]) for role in by_id.values() if role.id in found]
