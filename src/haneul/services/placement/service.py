"""Placement: what providers of resources have, and who holds how much of it. Speaks Placement's API 1.0 to 1.39."""

from haneul.kernel.http.manners import Manners
from haneul.kernel.service import Service
from haneul.services.placement.aggregates.api import routes as aggregates
from haneul.services.placement.allocation_candidates.api import routes as allocation_candidates
from haneul.services.placement.allocations.api import routes as allocations
from haneul.services.placement.base_rules import BASE_RULES
from haneul.services.placement.inventories.api import routes as inventories
from haneul.services.placement.reshaper.api import routes as reshaper
from haneul.services.placement.resource_classes.api import routes as resource_classes
from haneul.services.placement.resource_providers.api import routes as resource_providers
from haneul.services.placement.schema_words import explain_body
from haneul.services.placement.traits.api import routes as traits
from haneul.services.placement.usages.api import routes as usages
from haneul.services.placement.versions import MICROVERSIONS
from haneul.services.placement.versions import routes as versions


def service() -> Service:
    return Service(
        type="placement",
        name="placement",
        description="OpenStack Placement",
        port=8778,
        path="/placement",
        base_rules=BASE_RULES,
        resources=(
            versions,
            resource_providers,
            inventories,
            aggregates,
            traits,
            resource_classes,
            usages,
            allocations,
            allocation_candidates,
            reshaper,
        ),
        faults="placement",
        microversions=MICROVERSIONS,
        forbidden="Policy does not allow {rule} to be performed.",
        manners=Manners(
            declared_methods_only=True, media_type_required=True, rule_before_body=True, explain_body=explain_body
        ),
    )
