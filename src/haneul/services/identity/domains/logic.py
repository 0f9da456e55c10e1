"""Domains are projects that stand under nothing; this is their own API's view of them."""

from collections.abc import Mapping, Sequence
from typing import Any

from haneul.kernel.clock import now
from haneul.kernel.db import Db
from haneul.kernel.db.listing import Clause, Page
from haneul.kernel.errors import NotFound
from haneul.kernel.ids import new_hex_id
from haneul.services.identity.config import IdentitySettings
from haneul.services.identity.domains.schemas import DomainCreate
from haneul.services.identity.options import options_after
from haneul.services.identity.projects import logic as projects
from haneul.services.identity.projects import names
from haneul.services.identity.projects.models import NO_DOMAIN, Project


def find(db: Db, domain_id: str) -> Project | None:
    """The domain, or None if there is no such project or it is an ordinary one."""
    found = projects.find(db, domain_id)
    return found if found is not None and found.is_domain else None


def existing(domain: Project | None, domain_id: str) -> Project:
    """What was found; NotFound if nothing was."""
    if domain is None:
        raise NotFound("Could not find domain: {id}.", id=domain_id)
    return domain


def list_(db: Db, page: Page, filters: Mapping[str, Any], clauses: Sequence[Clause] = ()) -> list[Project]:
    return projects.list_(db, page, {**filters, "is_domain": True}, clauses)


def create(
    db: Db, wanted: DomainCreate, extra: Mapping[str, Any], settings: IdentitySettings = projects.USUAL
) -> Project:
    """Insert a domain; Conflict if one has the name or the id."""
    domain = Project(
        id=wanted.explicit_domain_id or new_hex_id(),
        domain_id=NO_DOMAIN,
        parent_id=None,
        name=names.kept(wanted.name, settings, is_domain=True),
        description=wanted.description or "",
        enabled=wanted.enabled,
        is_domain=True,
        options=options_after({}, wanted.options),
        extra=dict(extra),
        created_at=now(),
    )
    projects.insert(db, domain, wanted.tags)
    return domain
