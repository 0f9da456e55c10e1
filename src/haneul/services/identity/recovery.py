"""What `keystone-manage bootstrap` does: a first administrator on a new cloud, a way back in on an old one.

Source: Keystone's keystone/cmd/bootstrap.py. Run again it adds what is missing, enables the administrator again and
sets the endpoints that were given.
"""

from collections.abc import Iterator, Mapping

import msgspec

from haneul.kernel.clock import now
from haneul.kernel.db import Db
from haneul.kernel.errors import NotFound
from haneul.services.identity.bootstrap import (
    ENDPOINTS_OF,
    OWN_PROJECT,
    PROJECT_BY_NAME,
    REGION_BY_ID,
    ROLE_BY_NAME,
    SERVICES_BY_TYPE,
    USER_BY_NAME,
)
from haneul.services.identity.config import SecurityCompliance
from haneul.services.identity.domains import logic as domains
from haneul.services.identity.domains.schemas import DomainCreate
from haneul.services.identity.endpoints import logic as endpoints
from haneul.services.identity.endpoints.schemas import EndpointCreate, EndpointUpdate
from haneul.services.identity.grants import logic as grants
from haneul.services.identity.grants.logic import TargetType
from haneul.services.identity.options import ResourceOptions
from haneul.services.identity.projects import logic as projects
from haneul.services.identity.projects.models import DEFAULT_DOMAIN, Project
from haneul.services.identity.projects.schemas import ProjectCreate
from haneul.services.identity.regions import logic as regions
from haneul.services.identity.role_assignments.models import SYSTEM, RoleAssignment
from haneul.services.identity.roles import logic as roles
from haneul.services.identity.roles.models import GLOBAL, Role
from haneul.services.identity.roles.schemas import RoleCreate
from haneul.services.identity.services import logic as services
from haneul.services.identity.services.schemas import ServiceCreate
from haneul.services.identity.users import lockout, passwords
from haneul.services.identity.users import logic as users
from haneul.services.identity.users.models import User
from haneul.services.identity.users.schemas import UserCreate, UserUpdate

# Each implies the one after it.
LADDER = ("manager", "member", "reader")
SERVICE = "service"


class Recovery(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for. `urls` by interface, those that were given; `region` empty for none.

    `password_hash` is None where the administrator's password is the wanted one already.
    """

    username: str = "admin"
    password_hash: str | None = None
    project: str = "admin"
    role: str = "admin"
    service: str = "keystone"
    region: str = ""
    urls: Mapping[str, str] = {}
    immutable_roles: bool = True
    compliance: SecurityCompliance = SecurityCompliance()


def usable_hash(db: Db, username: str) -> str | None:
    """The hash of the password with which the administrator of this name gets in now; None if there is none."""
    user = db.one(USER_BY_NAME, domain_id=DEFAULT_DOMAIN, name=username)
    if user is None or passwords.is_expired(user, now()):
        return None
    password = passwords.current(db, user.id)
    return password.hash if password is not None else None


def recover(db: Db, wanted: Recovery) -> list[str]:
    """Do it all; what was done, in sentences. Nothing is said of what was so already."""
    return list(_steps(db, wanted))


def _steps(db: Db, wanted: Recovery) -> Iterator[str]:
    if domains.find(db, DEFAULT_DOMAIN) is None:
        domains.create(db, _default_domain(), {})
        yield f"Created domain {DEFAULT_DOMAIN}."
    yield from _have_project(db, wanted.project)
    yield from _have_administrator(db, wanted)
    yield from _have_roles(db, wanted)
    yield from _have_grants(db, wanted)
    if wanted.region and db.one(REGION_BY_ID, id=wanted.region) is None:
        regions.ensure(db, wanted.region)
        yield f"Created region {wanted.region}."
    if wanted.urls:
        yield from _have_catalog(db, wanted)


def _default_domain() -> DomainCreate:
    return DomainCreate(name="Default", description="The default domain", explicit_domain_id=DEFAULT_DOMAIN)


def _project(db: Db, name: str) -> Project | None:
    return db.one(PROJECT_BY_NAME, domain_id=DEFAULT_DOMAIN, name=name)


def _role(db: Db, name: str) -> Role:
    found = db.one(ROLE_BY_NAME, domain_id=GLOBAL, name=name)
    if found is None:
        raise NotFound("Could not find role: {name}.", name=name)
    return found


def _administrator(db: Db, wanted: Recovery) -> User | None:
    return db.one(USER_BY_NAME, domain_id=DEFAULT_DOMAIN, name=wanted.username)


def _have_project(db: Db, name: str) -> Iterator[str]:
    if _project(db, name) is None:
        body = msgspec.convert({"name": name, "description": OWN_PROJECT["admin"]}, ProjectCreate)
        projects.create(db, body, domain_id=DEFAULT_DOMAIN, extra={})
        yield f"Created project {name}."


def _have_administrator(db: Db, wanted: Recovery) -> Iterator[str]:
    user, rules = _administrator(db, wanted), wanted.compliance
    if user is None:
        body = msgspec.convert({"name": wanted.username}, UserCreate)
        secret = wanted.password_hash
        users.create(db, body, domain_id=DEFAULT_DOMAIN, password_hash=secret, extra={}, compliance=rules)
        yield f"Created user {wanted.username}."
        return
    if wanted.password_hash is not None:
        # The body only says that there is a new one: what it is comes as its hash.
        body_of_change = UserUpdate(password="")
        users.update(db, user.id, body_of_change, password_hash=wanted.password_hash, extra={}, compliance=rules)
        yield f"Reset the password of user {wanted.username}."
    if not lockout.as_seen(user, rules, now()).enabled:
        users.update(db, user.id, UserUpdate(enabled=True), extra={})
        yield f"Enabled user {wanted.username}."
    lockout.forget_failures(db, user.id)


def _have_roles(db: Db, wanted: Recovery) -> Iterator[str]:
    for name in (*reversed(LADDER), wanted.role, SERVICE):
        if db.one(ROLE_BY_NAME, domain_id=GLOBAL, name=name) is None:
            options = ResourceOptions(immutable=True) if wanted.immutable_roles else ResourceOptions()
            roles.create(db, RoleCreate(name=name, options=options), {})
            yield f"Created role {name}."
    ladder = (wanted.role, *LADDER)
    for prior, implied in zip(ladder, LADDER, strict=False):
        if prior != implied and not _implies(db, prior, implied):
            roles.imply(db, _role(db, prior), _role(db, implied))
            yield f"Let role {prior} imply {implied}."
    # Older clouds, which had no manager, let admin imply member itself.
    if wanted.role not in LADDER and _implies(db, wanted.role, "member"):
        roles.imply_no_longer(db, _role(db, wanted.role), _role(db, "member"))
        yield f"Let role {wanted.role} imply member by way of manager."


def _implies(db: Db, prior: str, implied: str) -> bool:
    return implied in {role.name for role in roles.implied_by(db, _role(db, prior).id)}


def _have_grants(db: Db, wanted: Recovery) -> Iterator[str]:
    user, role, project = _administrator(db, wanted), _role(db, wanted.role), _project(db, wanted.project)
    assert user is not None
    assert project is not None
    places: tuple[tuple[TargetType, str, str], ...] = (
        ("project", project.id, f"project {wanted.project}"),
        ("system", SYSTEM, "the system"),
    )
    for kind, target_id, said in places:
        row = RoleAssignment("user", user.id, kind, target_id, role.id, False)
        if db.one(grants.BY_KEY, **msgspec.structs.asdict(row)) is None:
            target = project if kind == "project" else None
            grant = grants.Grant(actor_type="user", actor=user, target_type=kind, target=target, role=role, row=row)
            grants.create(db, grant)
            yield f"Granted role {wanted.role} on {said} to user {wanted.username}."


def _have_catalog(db: Db, wanted: Recovery) -> Iterator[str]:
    found = sorted(db.all(SERVICES_BY_TYPE, type="identity"), key=lambda service: service.id)
    if found:
        service = found[0]
    else:
        service = services.create(db, ServiceCreate(type="identity", name=wanted.service), {})
        yield f"Created service {wanted.service}."
    region = wanted.region or None
    have = {
        one.interface: one for one in db.all(ENDPOINTS_OF, service_id=service.id) if region in (None, one.region_id)
    }
    for interface, url in wanted.urls.items():
        if interface not in have:
            values = {"service_id": service.id, "interface": interface, "url": url, "region_id": region}
            endpoints.create(db, msgspec.convert(values, EndpointCreate), {})
            yield f"Created the {interface} endpoint {url}."
        elif have[interface].url != url:
            endpoints.update(db, have[interface], msgspec.convert({"url": url}, EndpointUpdate), {})
            yield f"Moved the {interface} endpoint to {url}."
