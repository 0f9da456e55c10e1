from typing import Annotated

from haneul.kernel.schema import Meta, StrictBody
from haneul.services.placement.allocations.schemas import CountedAllocations, Key, MappedAllocations, TypedAllocations
from haneul.services.placement.inventories.schemas import InventoriesUpdate


class ReshapeCounted(StrictBody):
    """Until 1.33."""

    inventories: Annotated[dict[Key, InventoriesUpdate], Meta(min_length=1)]
    allocations: dict[Key, CountedAllocations]


class ReshapeMapped(StrictBody):
    """Until 1.37."""

    inventories: Annotated[dict[Key, InventoriesUpdate], Meta(min_length=1)]
    allocations: dict[Key, MappedAllocations]


class Reshape(StrictBody):
    inventories: Annotated[dict[Key, InventoriesUpdate], Meta(min_length=1)]
    allocations: dict[Key, TypedAllocations]
