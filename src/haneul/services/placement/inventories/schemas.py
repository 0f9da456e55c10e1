from typing import Annotated

import msgspec

from haneul.kernel.schema import UNSET, Meta, StrictBody, UnsetType, View
from haneul.services.placement.inventories.models import InventoryRow
from haneul.services.placement.resource_classes.schemas import ResourceClassName

MOST = 0x7FFFFFFF
Units = Annotated[int, Meta(ge=1, le=MOST)]


class Inventory(StrictBody):
    """How much of a resource class a provider has, and in which portions it gives it."""

    total: Units
    reserved: Annotated[int, Meta(ge=0, le=MOST)] = 0
    min_unit: Units = 1
    max_unit: Units = MOST
    step_size: Units = 1
    allocation_ratio: Annotated[float, Meta(le=3.40282e38)] = 1.0

    @property
    def capacity(self) -> int:
        return int((self.total - self.reserved) * self.allocation_ratio)


class InventoryRecord(Inventory):
    """One of several; a generation in it is passed over."""

    resource_provider_generation: int | UnsetType = UNSET


class InventoryCreate(InventoryRecord, kw_only=True):
    resource_class: ResourceClassName


class InventoryUpdate(Inventory, kw_only=True):
    resource_provider_generation: int


class InventoriesUpdate(StrictBody):
    resource_provider_generation: int
    inventories: dict[ResourceClassName, InventoryRecord]


class InventoryView(View):
    total: int
    reserved: int
    min_unit: int
    max_unit: int
    step_size: int
    allocation_ratio: float
    resource_provider_generation: int | UnsetType = UNSET

    @classmethod
    def of(cls, row: InventoryRow, generation: int | UnsetType = UNSET) -> "InventoryView":
        figures = {name: getattr(row, name) for name in FIGURES}
        return cls(**figures, resource_provider_generation=generation)


class InventoriesView(View):
    resource_provider_generation: int
    inventories: dict[str, InventoryView]


FIGURES = tuple(field.name for field in msgspec.structs.fields(Inventory))
