"""What a new cloud's identity holds; run again, it adds what is missing and changes nothing else."""

from collections.abc import Callable, Mapping, Sequence

import msgspec
from sqlalchemy import bindparam

from haneul.kernel.clock import now
from haneul.kernel.db import Db, Query, by, columns_of
from haneul.kernel.ids import new_hex_id
from haneul.services.identity.endpoints.models import Endpoint, endpoints
from haneul.services.identity.epoch import bump
from haneul.services.identity.projects.models import DEFAULT_DOMAIN, NO_DOMAIN, Project, projects
from haneul.services.identity.regions.models import Region, regions
from haneul.services.identity.role_assignments.models import SYSTEM, RoleAssignment, role_assignments
from haneul.services.identity.roles.models import GLOBAL, ImpliedRole, Role, implied_roles, roles
from haneul.services.identity.services.models import CatalogService, services
from haneul.services.identity.users.models import User, passwords, users

# As keystone-manage makes them, immutable: without these nobody could mend the cloud.
OWN_ROLES = ("admin", "manager", "member", "reader", "service")
# What installers add: other services ask for these by name.
USUAL_ROLES = ("_member_", "ResellerAdmin", "SwiftOperator", "heat_stack_owner", "heat_stack_user")
IMPLIED = (("admin", "manager"), ("manager", "member"), ("member", "reader"))
INTERFACES = ("public", "internal", "admin")
OWN_PROJECT = {"admin": "Bootstrap project for initializing the cloud."}
USUAL_PROJECT = {"service": "Services' own project."}

PROJECT_BY_ID = by(Project, projects, "id")
PROJECT_BY_NAME = by(Project, projects, "domain_id", "name")
USER_BY_NAME = by(User, users, "domain_id", "name")
ROLE_BY_NAME = by(Role, roles, "domain_id", "name")
REGION_BY_ID = by(Region, regions, "id")
SERVICES_BY_TYPE = by(CatalogService, services, "type")
ENDPOINTS_OF = by(Endpoint, endpoints, "service_id")
ALL_ENDPOINTS = Query(Endpoint, columns_of(Endpoint, endpoints))
IMPLIED_BY = by(ImpliedRole, implied_roles, "prior_role_id", "implied_role_id")
ASSIGNED = Query(
    RoleAssignment,
    columns_of(RoleAssignment, role_assignments).where(
        role_assignments.c.actor_id == bindparam("actor_id"),
        role_assignments.c.target_type == bindparam("target_type"),
        role_assignments.c.target_id == bindparam("target_id"),
        role_assignments.c.role_id == bindparam("role_id"),
    ),
)


class CatalogEntry(msgspec.Struct, frozen=True):
    """One of our services as the catalog shall show it; `url` is the same on all three interfaces."""

    type: str
    name: str
    description: str
    url: str


class Bootstrap(msgspec.Struct, frozen=True):
    """What the new cloud is told. `password_hash` is asked for only if there is no admin yet: hashing is slow.

    A bare cloud gets what `keystone-manage bootstrap` makes, so that an operator can go on by an installation guide.
    """

    region: str
    password_hash: Callable[[], str]
    catalog: Sequence[CatalogEntry]
    bare: bool = False

    @property
    def roles(self) -> tuple[str, ...]:
        return OWN_ROLES if self.bare else OWN_ROLES + USUAL_ROLES

    @property
    def projects(self) -> Mapping[str, str]:
        return OWN_PROJECT if self.bare else OWN_PROJECT | USUAL_PROJECT


def bootstrap(db: Db, wanted: Bootstrap) -> bool:
    """Make admin, roles, projects and catalog; whether this was the first time."""
    is_first = db.one(PROJECT_BY_ID, id=DEFAULT_DOMAIN) is None
    if is_first:
        db.insert(projects, _project(DEFAULT_DOMAIN, NO_DOMAIN, "Default", "The default domain", is_domain=True))
    role_ids = {name: _role(db, name) for name in wanted.roles}
    if is_first:
        for prior, implied in IMPLIED:
            db.insert(implied_roles, ImpliedRole(role_ids[prior], role_ids[implied]))
    project_ids = {name: _own_project(db, name, text) for name, text in wanted.projects.items()}
    admin_id = _admin(db, wanted.password_hash)
    _assign(db, admin_id, "project", project_ids["admin"], role_ids["admin"])
    _assign(db, admin_id, "system", SYSTEM, role_ids["admin"])
    if db.one(REGION_BY_ID, id=wanted.region) is None:
        db.insert(regions, Region(wanted.region, "", None, {}))
    added = sum(_catalogued(db, entry, wanted.region) for entry in wanted.catalog)
    if is_first or added:
        bump(db)
    return is_first


def _project(project_id: str, domain_id: str, name: str, description: str, *, is_domain: bool) -> Project:
    parent_id = None if is_domain else domain_id
    return Project(project_id, domain_id, parent_id, name, description, True, is_domain, {}, {}, now())


def _own_project(db: Db, name: str, description: str) -> str:
    found = db.one(PROJECT_BY_NAME, domain_id=DEFAULT_DOMAIN, name=name)
    if found is None:
        found = db.insert(projects, _project(new_hex_id(), DEFAULT_DOMAIN, name, description, is_domain=False))
    return found.id


def _role(db: Db, name: str) -> str:
    found = db.one(ROLE_BY_NAME, domain_id=GLOBAL, name=name)
    if found is None:
        options = {"immutable": True} if name in OWN_ROLES else {}
        found = db.insert(roles, Role(new_hex_id(), name, GLOBAL, None, options, {}, now()))
    return found.id


def _admin(db: Db, password_hash: Callable[[], str]) -> str:
    found = db.one(USER_BY_NAME, domain_id=DEFAULT_DOMAIN, name="admin")
    if found is None:
        user = User(new_hex_id(), DEFAULT_DOMAIN, "admin", True, None, {}, {}, now())
        found = db.insert(users, user)
        db.insert_numbered(passwords, user_id=found.id, hash=password_hash(), created_at=now())
    return found.id


def _assign(db: Db, user_id: str, target_type: str, target_id: str, role_id: str) -> None:
    if db.one(ASSIGNED, actor_id=user_id, target_type=target_type, target_id=target_id, role_id=role_id) is None:
        db.insert(role_assignments, RoleAssignment("user", user_id, target_type, target_id, role_id, False))


def _catalogued(db: Db, entry: CatalogEntry, region: str) -> bool:
    """See that the service and its endpoints are in the catalog; whether any was missing."""
    # Whatever its name: administrators give it one of their own.
    known = sorted(db.all(SERVICES_BY_TYPE, type=entry.type), key=lambda one: (one.name != entry.name, one.id))
    if known:
        found = known[0]
    else:
        row = CatalogService(new_hex_id(), entry.type, entry.name, entry.description, True, {})
        found = db.insert(services, row)
    have = {endpoint.interface for endpoint in db.all(ENDPOINTS_OF, service_id=found.id)}
    missing = [interface for interface in INTERFACES if interface not in have]
    for interface in missing:
        db.insert(endpoints, Endpoint(new_hex_id(), found.id, interface, region, entry.url, True, {}))
    return bool(missing)


def move_endpoints(db: Db, moved: Mapping[str, str]) -> None:
    """Let the endpoints under former URLs of our own follow to where they are now; others stay as they are."""
    for endpoint in db.all(ALL_ENDPOINTS):
        for old, new in moved.items():
            if endpoint.url == old or endpoint.url.startswith(f"{old}/"):
                db.update(endpoints, {"id": endpoint.id}, url=new + endpoint.url.removeprefix(old))
                break
    bump(db)
