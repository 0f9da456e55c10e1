from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, or_, select

from haneul.kernel.clock import now
from haneul.kernel.db import Db, Query, by, columns_of
from haneul.kernel.db.listing import Listing, Page, Where
from haneul.kernel.errors import NotFound
from haneul.services.identity.audit.logic import record
from haneul.services.identity.projects.models import projects
from haneul.services.identity.roles.models import Role, roles
from haneul.services.identity.trusts.models import Trust, trust_roles, trusts

FLUSHED_MOST = 1000
_trust = trusts.c
BY_ID = by(Trust, trusts, "id")
NOT_DELETED = Query(Trust, columns_of(Trust, trusts).where(_trust.id == bindparam("id"), _trust.deleted_at.is_(None)))
ROLE_IDS = (
    select(trust_roles.c.role_id).where(trust_roles.c.trust_id == bindparam("trust_id")).order_by(trust_roles.c.role_id)
)
ROLES = Query(
    Role,
    columns_of(Role, roles)
    .join(trust_roles, trust_roles.c.role_id == roles.c.id)
    .where(trust_roles.c.trust_id == bindparam("trust_id"))
    .order_by(roles.c.name, roles.c.id),
)
LEFT = select(_trust.remaining_uses).where(_trust.id == bindparam("id"), _trust.deleted_at.is_(None))
CONSUME = (
    trusts.update()
    .where(_trust.id == bindparam("trust_id"), _trust.deleted_at.is_(None), _trust.remaining_uses > 0)
    .values(remaining_uses=_trust.remaining_uses - 1)
)
DOMAIN_OF = select(projects.c.domain_id).where(projects.c.id == bindparam("id"))
LISTING = Listing(
    Trust,
    trusts,
    filters={name: _trust[name] for name in ("trustor_user_id", "trustee_user_id", "deleted_at")},
    sorts={"id": _trust.id},
    default_sort=(("id", "asc"),),
    bounds=("trustor_user_id", "trustee_user_id", "deleted_at"),
)
FLUSHABLE = (
    select(_trust.id)
    .where(
        or_(_trust.deleted_at.is_not(None), _trust.expires_at < bindparam("before")),
        *(
            or_(bindparam(f"of_{name}", type_=column.type).is_(None), column == bindparam(f"of_{name}"))
            for name, column in (
                ("project", _trust.project_id),
                ("trustor", _trust.trustor_user_id),
                ("trustee", _trust.trustee_user_id),
            )
        ),
    )
    .limit(FLUSHED_MOST)
)
FLUSH = trusts.delete().where(_trust.id.in_(bindparam("ids", expanding=True)))


def find(db: Db, trust_id: str) -> Trust | None:
    """The trust, None if there is none or it was ended; one that has expired or is used up is found."""
    return db.one(NOT_DELETED, id=trust_id)


def is_usable(trust: Trust, moment: datetime) -> bool:
    """Whether a token may be had by the trust: it has not expired and has uses left."""
    expired = trust.expires_at is not None and moment > trust.expires_at
    return not expired and trust.remaining_uses != 0


def get(db: Db, trust_id: str) -> Trust:
    """The trust; NotFound if it is not there, ended, expired or used up."""
    found = find(db, trust_id)
    if found is None or not is_usable(found, now()):
        raise NotFound("Could not find trust: {id}.", id=trust_id)
    return found


def role_ids_of(db: Db, trust_id: str) -> list[str]:
    """The ids of the roles that a trust delegates, those among them that have been deleted since."""
    return [row[0] for row in db.tuples(ROLE_IDS, trust_id=trust_id)]


def roles_of(db: Db, trust_id: str) -> list[Role]:
    """The roles that a trust delegates, as far as they are still there."""
    return db.all(ROLES, trust_id=trust_id)


def list_(db: Db, page: Page, filters: Mapping[str, Any]) -> list[Trust]:
    """Trusts that were not ended, the expired ones among them."""
    return LISTING.page(db, page, {**filters, "deleted_at": Where("null", True)})


def consume_use(db: Db, trust_id: str) -> bool:
    """Use the trust once; False if it has no use left or is not there. Of two at the last use, one gets it."""
    found = db.tuples(LEFT, id=trust_id)
    if not found:
        return False
    return found[0][0] is None or db.run(CONSUME, trust_id=trust_id) == 1


def write_down(db: Db, action: str, trust_id: str, project_id: str | None) -> None:
    """Record what was done to a trust: it concerns the project and its domain."""
    domain_id = db.value(DOMAIN_OF, id=project_id) if project_id else None
    record(db, "OS-TRUST:trust", action, trust_id, domain_id=domain_id or "", project_id=project_id or "")


def flush(
    db: Db, *, project_id: str | None = None, trustor: str | None = None, trustee: str | None = None, before: datetime
) -> int:
    """Delete for good what was ended, and what expired before that moment: at most 1000 trusts at once, and how many.

    Whoever wants all gone asks again, in further transactions, until it is none.
    """
    found = db.tuples(FLUSHABLE, before=before, of_project=project_id, of_trustor=trustor, of_trustee=trustee)
    ids: Sequence[str] = [row[0] for row in found]
    return db.run(FLUSH, ids=ids) if ids else 0
