from collections.abc import Mapping
from typing import Any

from haneul.kernel.db import Db, by, fields
from haneul.kernel.db.listing import Listing, Page
from haneul.kernel.errors import NotFound
from haneul.kernel.ids import new_hex_id
from haneul.services.identity.audit.logic import record
from haneul.services.identity.epoch import bump
from haneul.services.identity.extras import merged
from haneul.services.identity.policies.models import Policy, policies
from haneul.services.identity.policies.schemas import PolicyCreate, PolicyUpdate

BY_ID = by(Policy, policies, "id")
LISTING = Listing(
    Policy,
    policies,
    filters={"type": policies.c.type},
    sorts={"type": policies.c.type, "id": policies.c.id},
    default_sort=(("id", "asc"),),
)


def get(db: Db, policy_id: str) -> Policy:
    """The policy; NotFound."""
    policy = db.one(BY_ID, id=policy_id)
    if policy is None:
        raise NotFound("Could not find policy: {id}.", id=policy_id)
    return policy


def list_(db: Db, page: Page, filters: Mapping[str, Any]) -> list[Policy]:
    return LISTING.page(db, page, filters)


def create(db: Db, wanted: PolicyCreate, extra: Mapping[str, Any]) -> Policy:
    """Insert a policy, which nothing follows yet."""
    policy = db.insert(policies, Policy(new_hex_id(), wanted.blob, wanted.type, dict(extra)))
    record(db, "policy", "created", policy.id)
    return policy


def update(db: Db, policy: Policy, wanted: PolicyUpdate, extra: Mapping[str, Any]) -> Policy:
    """Change a policy."""
    changes = fields(wanted)
    if extra:
        # Two updates at once would each keep only their own attributes.
        bump(db)
        changes["extra"] = merged(get(db, policy.id).extra, extra)
    if changes:
        db.update(policies, {"id": policy.id}, **changes)
    record(db, "policy", "updated", policy.id)
    return get(db, policy.id)


def delete(db: Db, policy: Policy) -> None:
    """Delete a policy; what it was associated with has it no longer."""
    db.delete(policies, id=policy.id)
    record(db, "policy", "deleted", policy.id)
