"""The policy of an endpoint, and the endpoints of a policy. Source: Identity API v3, OS-ENDPOINT-POLICY."""

from sqlalchemy import ColumnElement, bindparam, or_, select

from haneul.kernel.db import Db, Query, columns_of
from haneul.kernel.db.listing import Clause
from haneul.services.identity.endpoint_policy.models import PolicyAssociation, policy_associations
from haneul.services.identity.endpoints.models import Endpoint, endpoints
from haneul.services.identity.regions import tree
from haneul.services.identity.regions.models import regions

_association = policy_associations.c
AT_PLACES = Query(
    PolicyAssociation,
    columns_of(PolicyAssociation, policy_associations).where(
        _association.place.in_(bindparam("places", expanding=True))
    ),
)

_of_policy = _association.policy_id == bindparam("policy_id")
_endpoints = select(_association.endpoint_id).where(_of_policy, _association.endpoint_id.is_not(None))
_services = select(_association.service_id).where(
    _of_policy, _association.service_id.is_not(None), _association.region_id.is_(None)
)
# A service in a region is also meant in the regions inside it.
_regions = (
    select(_association.service_id, _association.region_id)
    .where(_of_policy, _association.region_id.is_not(None))
    .cte("meant", recursive=True)
)
_regions = _regions.union(
    select(_regions.c.service_id, regions.c.id).join(_regions, _regions.c.region_id == regions.c.parent_region_id)
)
_in_region = select(_regions.c.region_id).where(
    _regions.c.service_id == endpoints.c.service_id, _regions.c.region_id == endpoints.c.region_id
)


def place_of(*, endpoint_id: str | None = None, service_id: str | None = None, region_id: str | None = None) -> str:
    """The one text that names an endpoint, a service, or a service in a region."""
    if endpoint_id is not None:
        return f"endpoint/{endpoint_id}"
    return f"service/{service_id}" if region_id is None else f"service/{service_id}/{region_id}"


def policy_id_of(db: Db, endpoint: Endpoint) -> str | None:
    """The policy of the endpoint itself; else of its service in its region or the nearest around it; else of its
    service."""
    around = tree.above(db, endpoint.region_id) if endpoint.region_id is not None else []
    places = [
        place_of(endpoint_id=endpoint.id),
        *(place_of(service_id=endpoint.service_id, region_id=region_id) for region_id in around),
        place_of(service_id=endpoint.service_id),
    ]
    found = {one.place: one.policy_id for one in db.all(AT_PLACES, places=places)}
    return next((found[place] for place in places if place in found), None)


def following(policy_id: str) -> Clause:
    """The condition of endpoints that are associated with the policy, each in whichever way."""
    return Clause("policy", _follows, {"policy_id": policy_id})


def _follows() -> ColumnElement[bool]:
    return or_(endpoints.c.id.in_(_endpoints), endpoints.c.service_id.in_(_services), _in_region.exists())
