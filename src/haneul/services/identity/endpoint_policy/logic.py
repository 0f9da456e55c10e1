"""Which policy holds for which endpoints."""

import msgspec

from haneul.kernel.db import Db, by
from haneul.kernel.db.listing import Page
from haneul.kernel.errors import NotFound
from haneul.services.identity.audit.logic import record
from haneul.services.identity.endpoint_policy.models import PolicyAssociation, policy_associations
from haneul.services.identity.endpoint_policy.queries import following, place_of, policy_id_of
from haneul.services.identity.endpoints import logic as endpoints
from haneul.services.identity.endpoints.models import Endpoint
from haneul.services.identity.epoch import bump
from haneul.services.identity.policies import logic as policies
from haneul.services.identity.policies.models import Policy
from haneul.services.identity.regions import logic as regions
from haneul.services.identity.services import logic as services

BY_PLACE = by(PolicyAssociation, policy_associations, "place")


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a policy may hold: at an endpoint, a service, or a service in a region."""

    endpoint_id: str | None = None
    service_id: str | None = None
    region_id: str | None = None

    @property
    def name(self) -> str:
        return place_of(endpoint_id=self.endpoint_id, service_id=self.service_id, region_id=self.region_id)


def refuse_missing(db: Db, policy_id: str, place: Place) -> None:
    """NotFound unless the policy, and all that the place names, are there."""
    policies.get(db, policy_id)
    if place.endpoint_id is not None:
        endpoints.get(db, place.endpoint_id)
    if place.service_id is not None:
        services.get(db, place.service_id)
    if place.region_id is not None:
        regions.get(db, place.region_id)


def refuse_other(db: Db, policy_id: str, place: Place) -> None:
    """NotFound unless this is the policy of exactly that place."""
    found = db.one(BY_PLACE, place=place.name)
    if found is None or found.policy_id != policy_id:
        raise NotFound("Could not find policy association.")


def associate(db: Db, policy_id: str, place: Place) -> None:
    """Let a policy hold at a place, in another's stead if it had one."""
    # It changes no token, but of two that come to a new place at once the second has to see the first.
    bump(db)
    if not db.update(policy_associations, {"place": place.name}, policy_id=policy_id):
        association = PolicyAssociation(place.name, policy_id, place.endpoint_id, place.service_id, place.region_id)
        db.insert(policy_associations, association)
    record(db, "policy", "added", policy_id, place=place.name)


def disassociate(db: Db, policy_id: str, place: Place) -> None:
    """Let a policy hold at a place no longer; nothing happens if it doesn't."""
    if db.delete(policy_associations, place=place.name, policy_id=policy_id):
        record(db, "policy", "removed", policy_id, place=place.name)


def endpoints_of(db: Db, page: Page, policy: Policy) -> list[Endpoint]:
    """The endpoints that are associated with a policy by themselves, by their service or by its region."""
    return endpoints.list_(db, page, {}, [following(policy.id)])


def policy_of(db: Db, endpoint: Endpoint) -> Policy:
    """The policy that holds for the endpoint; NotFound if none does."""
    policy_id = policy_id_of(db, endpoint)
    if policy_id is None:
        raise NotFound("No policy is associated with endpoint {endpoint_id}.", endpoint_id=endpoint.id)
    return policies.get(db, policy_id)
