from collections.abc import Mapping
from typing import Any

from haneul.kernel.clock import iso_seconds
from haneul.kernel.schema import View
from haneul.services.image.metadefs.definitions import TagDefinition, converted, refuse_ours
from haneul.services.image.metadefs.documents import NEW_TAGS, TAG
from haneul.services.image.metadefs.fitting import refuse_unfit, unfit
from haneul.services.image.metadefs.tags.models import Tag

TRUE = frozenset(("1", "t", "true", "on", "y", "yes"))


class TagView(View):
    name: str
    created_at: str
    updated_at: str

    @classmethod
    def of(cls, tag: Tag) -> "TagView":
        return cls(name=tag.name, created_at=iso_seconds(tag.created_at), updated_at=iso_seconds(tag.updated_at))


def names_view(names: list[str]) -> dict[str, list[dict[str, str]]]:
    return {"tags": [{"name": name} for name in names]}


def tag_in(body: Mapping[str, Any]) -> str:
    """The name in a body."""
    refuse_ours(body, "created_at", "updated_at")
    refuse_unfit(TAG, body)
    return str(body["name"])


def tags_in(body: Mapping[str, Any]) -> list[str]:
    """The names in the body for many tags."""
    refuse_ours(body, "created_at", "updated_at")
    refuse_unfit(NEW_TAGS, body)
    if "tags" not in body:
        raise unfit("tags", "'tags' is a required property")
    return [converted("tags", one, TagDefinition).name for one in body["tags"]]


def is_append(header: str) -> bool:
    """Whether the header asks to keep the tags that are there."""
    return header.strip().lower() in TRUE
