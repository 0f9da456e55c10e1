from sqlalchemy import Column, ForeignKey, Index, String

from haneul.kernel.db import Row, Table


class PolicyAssociation(Row):
    """Which policy holds at one place: an endpoint, a service, or a service in a region.

    `place` names it in one text, so that each has one policy on databases that hold NULLs for different.
    """

    place: str
    policy_id: str
    endpoint_id: str | None
    service_id: str | None
    region_id: str | None


policy_associations = Table(
    "identity_policy_associations",
    Column("place", String(400), primary_key=True),
    Column("policy_id", String(64), ForeignKey("identity_policies.id", ondelete="CASCADE"), nullable=False),
    Column("endpoint_id", String(64), ForeignKey("identity_endpoints.id", ondelete="CASCADE")),
    Column("service_id", String(64), ForeignKey("identity_services.id", ondelete="CASCADE")),
    Column("region_id", String(255), ForeignKey("identity_regions.id", ondelete="CASCADE")),
    Index("ix_identity_policy_associations_policy_id", "policy_id"),
    Index("ix_identity_policy_associations_endpoint_id", "endpoint_id"),
    Index("ix_identity_policy_associations_service_id", "service_id"),
    Index("ix_identity_policy_associations_region_id", "region_id"),
)
