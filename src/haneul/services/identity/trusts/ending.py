"""What ends trusts: their deletion, and that of the users, projects and domains that they are about.

An ended trust stays as a row until a flush, so that it can be told what it was.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, or_, select

from haneul.kernel.clock import now
from haneul.kernel.db import Db
from haneul.services.identity.epoch import bump
from haneul.services.identity.projects.models import projects
from haneul.services.identity.revocation.logic import revoke_trust
from haneul.services.identity.trusts import logic
from haneul.services.identity.trusts.models import Trust, trusts
from haneul.services.identity.users.models import users

AT_ONCE = 1000
_trust = trusts.c


def _with_passed_on(first: ColumnElement[bool]) -> Select[Any]:
    """The trusts of which this is true, and all that were passed on from them."""
    ending = select(_trust.id, _trust.project_id).where(first, _trust.deleted_at.is_(None))
    found = ending.cte("ending", recursive=True)
    found = found.union(
        select(_trust.id, _trust.project_id)
        .join(found, found.c.id == _trust.redelegated_trust_id)
        .where(_trust.deleted_at.is_(None))
    )
    return select(found.c.id, found.c.project_id)


_domains_users = select(users.c.id).where(users.c.domain_id == bindparam("about"))
_domains_projects = select(projects.c.id).where(projects.c.domain_id == bindparam("about"))
OF_ONE = _with_passed_on(_trust.id == bindparam("about"))
OF_PROJECT = _with_passed_on(_trust.project_id == bindparam("about"))
OF_USER = _with_passed_on(
    or_(_trust.trustor_user_id == bindparam("about"), _trust.trustee_user_id == bindparam("about"))
)
OF_DOMAIN = _with_passed_on(
    or_(
        _trust.trustor_user_id.in_(_domains_users),
        _trust.trustee_user_id.in_(_domains_users),
        _trust.project_id.in_(_domains_projects),
    )
)
END = (
    trusts.update()
    .where(_trust.id.in_(bindparam("ids", expanding=True)), _trust.deleted_at.is_(None))
    .values(deleted_at=bindparam("moment"))
)


def end(db: Db, trust: Trust) -> None:
    """End a trust and all that were passed on from it, with every token by them."""
    bump(db)
    ended = db.tuples(OF_ONE, about=trust.id)
    for trust_id, project_id in ended:
        revoke_trust(db, trust_id)
        logic.write_down(db, "deleted", trust_id, project_id)
    _end(db, [row[0] for row in ended])


def forget_user(db: Db, user_id: str) -> None:
    """End every trust in which the user is trustor or trustee; for who deletes him."""
    _forget(db, OF_USER, user_id)


def forget_project(db: Db, project_id: str) -> None:
    """End every trust for the project; for who deletes it."""
    _forget(db, OF_PROJECT, project_id)


def forget_domain(db: Db, domain_id: str) -> None:
    """End every trust for the domain's projects or with one of its users; for who deletes it, before these go."""
    _forget(db, OF_DOMAIN, domain_id)


def _forget(db: Db, statement: Select[Any], about: str) -> None:
    # No revocation for each: a service's user may have a hundred thousand trusts, and a token by an ended one is void.
    bump(db)
    _end(db, [row[0] for row in db.tuples(statement, about=about)])


def _end(db: Db, ids: Sequence[str]) -> None:
    moment = now()
    for some in _portions(ids):
        db.run(END, ids=some, moment=moment)


def _portions(ids: Sequence[str]) -> Iterator[list[str]]:
    ahead = iter(ids)
    while some := list(islice(ahead, AT_ONCE)):
        yield some
