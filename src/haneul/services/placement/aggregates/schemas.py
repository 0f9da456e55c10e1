from typing import Annotated

from haneul.kernel.schema import Since, StrictBody, View
from haneul.services.placement.resource_providers.schemas import AnyUuid


class AggregatesUpdate(StrictBody):
    """Until 1.18 the body was just the list."""

    aggregates: list[AnyUuid]
    resource_provider_generation: int


class AggregatesView(View):
    aggregates: list[str]
    resource_provider_generation: Annotated[int, Since("1.19")]
