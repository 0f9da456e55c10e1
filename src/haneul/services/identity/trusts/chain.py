"""Trusts that were passed on: whoever got one may give it to the next, as often as the first trustor has allowed."""

from itertools import pairwise

from haneul.kernel.db import Db
from haneul.kernel.errors import Forbidden
from haneul.services.identity.trusts import logic
from haneul.services.identity.trusts.models import Trust
from haneul.services.identity.users import logic as users


def pedigree(db: Db, trust: Trust) -> list[Trust]:
    """The trust, the one that it came from, and so on to the first; NotFound if one of them can't be used any more."""
    chain = [trust]
    while chain[-1].redelegated_trust_id is not None:
        chain.append(logic.get(db, chain[-1].redelegated_trust_id))
    return chain


def refuse_broken(db: Db, trust: Trust, depth_most: int) -> None:
    """Forbidden or NotFound if what the trust came from allows it no longer, or one of those between is disabled."""
    for child, parent in pairwise(pedigree(db, trust)):
        refuse_excess(parent, child, depth_most)
        agent = users.find(db, parent.trustee_user_id)
        if agent is None or not agent.enabled:
            raise Forbidden("One of the trust agents is disabled or deleted")


def refuse_excess(parent: Trust, child: Trust, depth_most: int) -> None:
    """Forbidden if the one trust gives more than the other that it comes from: in depth, time or impersonation."""
    if not 0 < parent.redelegation_count <= depth_most:
        raise Forbidden(
            "Remaining redelegation depth of {depth} out of allowed range of [0..{most}]",
            depth=parent.redelegation_count,
            most=depth_most,
        )
    if parent.expires_at is not None and (child.expires_at is None or child.expires_at > parent.expires_at):
        raise Forbidden("Requested expiration time is more than redelegated trust can provide")
    if child.is_impersonated and not parent.is_impersonated:
        raise Forbidden(
            "Impersonation is not allowed because redelegated trust does not specify impersonation. Redelegated trust "
            "id: {id}",
            id=parent.id,
        )
    # A trust is passed on as it is: the first trustor's roles elsewhere were never delegated.
    if child.project_id != parent.project_id:
        raise Forbidden("A trust can be passed on for its own project only.")
