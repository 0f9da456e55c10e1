from typing import Annotated

import msgspec

from haneul.kernel.schema import Meta, StrictBody, View

TraitName = Annotated[str, Meta(min_length=1, max_length=255)]


class TraitQuery(msgspec.Struct, frozen=True, kw_only=True):
    name: str = ""
    associated: str = ""


QUERY = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "associated": {"type": "string"}},
    "additionalProperties": False,
}


class ProviderTraits(StrictBody):
    traits: list[TraitName]
    resource_provider_generation: int


class ProviderTraitsView(View):
    traits: list[str]
    resource_provider_generation: int
