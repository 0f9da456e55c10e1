"""Access rules: the calls that users have let their application credentials make."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, select

from haneul.kernel.db import Db, Outrun, Query, by, columns_of
from haneul.kernel.db.listing import Listing, Page
from haneul.kernel.errors import BadRequest, Forbidden, NotFound
from haneul.kernel.ids import new_hex_id
from haneul.kernel.schema import UNSET
from haneul.services.identity.application_credentials.models import KeptRule, access_rules, credential_rules
from haneul.services.identity.application_credentials.schemas import RuleWanted
from haneul.services.identity.audit.logic import record

BY_ID = by(KeptRule, access_rules, "id")
OWN_BY_IDS = Query(
    KeptRule,
    columns_of(KeptRule, access_rules).where(
        access_rules.c.user_id == bindparam("user_id"), access_rules.c.id.in_(bindparam("ids", expanding=True))
    ),
)
OWN_BY_PATHS = Query(
    KeptRule,
    columns_of(KeptRule, access_rules).where(
        access_rules.c.user_id == bindparam("user_id"), access_rules.c.path.in_(bindparam("paths", expanding=True))
    ),
)
IN_USE = select(credential_rules.c.access_rule_id).where(credential_rules.c.access_rule_id == bindparam("id")).limit(1)
LISTING = Listing(
    KeptRule,
    access_rules,
    filters={name: access_rules.c[name] for name in ("user_id", "service", "path", "method")},
    sorts={"id": access_rules.c.id},
    default_sort=(("id", "asc"),),
    bounds=("user_id",),
)

Called = tuple[str, str, str]


def get(db: Db, user_id: str, rule_id: str) -> KeptRule:
    """The user's own rule; NotFound, for another's too."""
    rule = db.one(BY_ID, id=rule_id)
    if rule is None or rule.user_id != user_id:
        raise NotFound("Could not find Access Rule: {id}.", id=rule_id)
    return rule


def list_(db: Db, page: Page, filters: Mapping[str, Any]) -> list[KeptRule]:
    return LISTING.page(db, page, filters)


def delete(db: Db, rule: KeptRule, *, domain_id: str) -> None:
    """Delete a rule; Forbidden while an application credential is bound to it."""
    if db.value(IN_USE, id=rule.id) is not None:
        raise Forbidden("May not delete access rule in use")
    db.delete(access_rules, id=rule.id)
    record(db, "access_rule", "deleted", rule.id, domain_id=domain_id)


def ensure(db: Db, user_id: str, wanted: Sequence[RuleWanted], *, domain_id: str) -> list[KeptRule]:
    """The rules wanted, each once: the user's own where he has them, by id or by what they allow, new ones else."""
    ids = [one.id for one in wanted if one.id is not UNSET]
    own = {rule.id: rule for rule in db.all(OWN_BY_IDS, user_id=user_id, ids=ids)} if ids else {}
    named = [own[one.id] for one in wanted if one.id is not UNSET and one.id in own]
    called = list(dict.fromkeys(_called(one) for one in wanted if one.id is UNSET or one.id not in own))
    found = {rule.id: rule for rule in (*named, *_ensure_called(db, user_id, called, domain_id))}
    return list(found.values())


def _called(wanted: RuleWanted) -> Called:
    """The call that a rule is to allow; BadRequest for an unknown id alone, or for half a call."""
    service, path, method = wanted.service, wanted.path, wanted.method
    if service is not UNSET and path is not UNSET and method is not UNSET:
        return service, path, method
    if wanted.id is not UNSET:
        raise BadRequest("Could not find Access Rule: {id}.", id=wanted.id)
    raise BadRequest(
        "Invalid application credential: an access rule needs a service, a path and a method, or the id of one that "
        "exists."
    )


def _ensure_called(db: Db, user_id: str, called: Sequence[Called], domain_id: str) -> list[KeptRule]:
    if not called:
        return []
    known = _by_call(db, user_id, called)
    missing = [KeptRule(new_hex_id(), user_id, *call) for call in called if call not in known]
    for rule in missing:
        db.insert_missing(access_rules, rule)
        record(db, "access_rule", "created", rule.id, domain_id=domain_id)
    if missing:
        # Another request may have made the same rule at the same time: only one of the two stands.
        known = _by_call(db, user_id, called)
        if not {rule.id for rule in missing} <= {rule.id for rule in known.values()}:
            raise Outrun
    return [known[call] for call in called]


def _by_call(db: Db, user_id: str, called: Sequence[Called]) -> dict[Called, KeptRule]:
    paths = sorted({path for _, path, _ in called})
    rows = db.all(OWN_BY_PATHS, user_id=user_id, paths=paths)
    return {(rule.service, rule.path, rule.method): rule for rule in rows}
