from typing import Annotated, Any

import msgspec

from haneul.kernel.schema import UNSET, Meta, Since, StrictBody, UnsetType, View
from haneul.services.placement.query_words import Wanted
from haneul.services.placement.resource_providers.models import Provider

ProviderName = Annotated[str, Meta(max_length=200)]
AnyUuid = Annotated[
    str,
    Meta(
        pattern=r"^[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}\Z",
        extra_json_schema={"format": "uuid"},
    ),
]


class ProviderCreate(StrictBody):
    """Until 1.13 a provider stood in no tree."""

    name: ProviderName
    uuid: AnyUuid | UnsetType = UNSET


class ProviderCreateInTree(ProviderCreate):
    parent_provider_uuid: AnyUuid | None = None


class ProviderUpdate(StrictBody):
    name: ProviderName


class ProviderUpdateInTree(ProviderUpdate):
    parent_provider_uuid: AnyUuid | None | UnsetType = UNSET


class ProviderQuery(msgspec.Struct, frozen=True, kw_only=True):
    """The parameters of a list; which of them a version knows is checked by `QUERIES`."""

    name: str = ""
    uuid: str = ""
    in_tree: str = ""
    resources: str = ""
    member_of: list[str] = []
    required: list[str] = []


class ProviderFilters(msgspec.Struct, frozen=True, kw_only=True):
    """What a list is narrowed down to; everything must hold."""

    id: str = ""
    name: str = ""
    in_tree: str = ""
    aggregates: Wanted = Wanted()
    traits: Wanted = Wanted()
    resources: dict[str, int] = {}


def _query(*names: str) -> dict[str, Any]:
    text = {"type": "string"}
    ids = {"uuid": {"type": "string", "format": "uuid"}, "in_tree": {"type": "string", "format": "uuid"}}
    properties = {name: ids.get(name, text) for name in names}
    return {"type": "object", "properties": properties, "additionalProperties": False}


QUERIES = (
    ((1, 18), _query("name", "uuid", "member_of", "resources", "in_tree", "required")),
    ((1, 14), _query("name", "uuid", "member_of", "resources", "in_tree")),
    ((1, 4), _query("name", "uuid", "member_of", "resources")),
    ((1, 3), _query("name", "uuid", "member_of")),
    ((1, 0), _query("name", "uuid")),
)
"""The parameters that a version knows, newest first."""


class ProviderView(View):
    uuid: str
    name: str
    generation: int
    links: list[dict[str, str]]
    parent_provider_uuid: Annotated[str | None, Since("1.14")]
    root_provider_uuid: Annotated[str, Since("1.14")]

    @classmethod
    def of(cls, provider: Provider, links: list[dict[str, str]]) -> "ProviderView":
        return cls(
            uuid=provider.id,
            name=provider.name,
            generation=provider.generation,
            links=links,
            parent_provider_uuid=provider.parent_id,
            root_provider_uuid=provider.root_id,
        )
