from typing import Annotated, Literal

import msgspec

from haneul.kernel.schema import UNSET, Meta, OpenBody, Since, StrictBody, UnsetType, View
from haneul.services.compute.flavors.models import Flavor
from haneul.services.compute.words import AtLeastOne, AtLeastZero, Label, Printable

FlavorId = Annotated[str, Meta(min_length=1, max_length=255, pattern=r"^(?! )[a-zA-Z0-9. _-]+(?<! )\Z")]
SORT_KEYS = Literal[
    "created_at",
    "description",
    "disabled",
    "ephemeral_gb",
    "flavorid",
    "id",
    "is_public",
    "memory_mb",
    "name",
    "root_gb",
    "rxtx_factor",
    "swap",
    "updated_at",
    "vcpu_weight",
    "vcpus",
]


class FlavorCreate(StrictBody, kw_only=True):
    name: Label
    id: FlavorId | int | float | None = None
    ram: AtLeastOne
    vcpus: AtLeastOne
    disk: AtLeastZero
    ephemeral: AtLeastZero = msgspec.field(default=0, name="OS-FLV-EXT-DATA:ephemeral")
    swap: AtLeastZero = 0
    rxtx_factor: Annotated[float, Meta(gt=0, le=3.40282e38)] = 1.0
    is_public: bool = msgspec.field(default=True, name="os-flavor-access:is_public")
    description: Annotated[Printable | None | UnsetType, Since("2.55")] = UNSET


class FlavorUpdate(StrictBody):
    description: Printable | None


class FlavorQuery(OpenBody, kw_only=True):
    """`is_public` is a word: `none` asks for all."""

    is_public: str | UnsetType = UNSET
    min_ram: str | UnsetType = msgspec.field(default=UNSET, name="minRam")
    min_disk: str | UnsetType = msgspec.field(default=UNSET, name="minDisk")
    sort_key: SORT_KEYS = "flavorid"
    sort_dir: Literal["asc", "desc"] = "asc"


class FlavorSummary(View):
    id: str
    name: str
    description: Annotated[str | None, Since("2.55")]
    links: list[dict[str, str]]


class FlavorView(View, kw_only=True):
    id: str
    name: str
    description: Annotated[str | None, Since("2.55")]
    ram: int
    disk: int
    swap: int
    vcpus: int
    ephemeral: int = msgspec.field(name="OS-FLV-EXT-DATA:ephemeral")
    disabled: bool = msgspec.field(name="OS-FLV-DISABLED:disabled")
    is_public: bool = msgspec.field(name="os-flavor-access:is_public")
    rxtx_factor: float
    links: list[dict[str, str]]
    extra_specs: Annotated[dict[str, str] | UnsetType, Since("2.61")] = UNSET

    @classmethod
    def of(
        cls, flavor: Flavor, links: list[dict[str, str]], extra_specs: dict[str, str] | UnsetType = UNSET
    ) -> "FlavorView":
        return cls(
            id=flavor.id,
            name=flavor.name,
            description=flavor.description,
            ram=flavor.memory_mb,
            disk=flavor.disk_gb,
            swap=flavor.swap_mb,
            vcpus=flavor.vcpus,
            ephemeral=flavor.ephemeral_gb,
            disabled=False,
            is_public=flavor.is_public,
            rxtx_factor=flavor.rxtx_factor,
            links=links,
            extra_specs=extra_specs,
        )
