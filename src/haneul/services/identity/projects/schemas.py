from collections.abc import Sequence
from typing import Annotated, Any

import msgspec

from haneul.kernel.schema import UNSET, Meta, OpenBody, UnsetType, View
from haneul.services.identity.options import ResourceOptions
from haneul.services.identity.projects.models import NO_DOMAIN, Project
from haneul.services.identity.schemas import Description, Id, Links, Name64, link

Tag = Annotated[str, Meta(min_length=1, max_length=255, pattern=r"^[^,/]*\Z")]
Tags = Annotated[list[Tag], Meta(max_length=80)]


class ProjectCreate(OpenBody):
    name: Name64
    domain_id: Id | None = None
    parent_id: Id | None = None
    description: Description | None = ""
    enabled: bool = True
    is_domain: bool = False
    options: ResourceOptions = ResourceOptions()
    tags: Tags = []


class ProjectUpdate(OpenBody):
    name: Name64 | UnsetType = UNSET
    domain_id: Id | None | UnsetType = UNSET
    parent_id: Id | None | UnsetType = UNSET
    description: Description | None | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    is_domain: bool | UnsetType = UNSET
    options: ResourceOptions | UnsetType = UNSET
    tags: Tags | UnsetType = UNSET


class ProjectQuery(OpenBody):
    """What the list may be asked for. Tags stand with commas between them: projects that have all of `tags`, any of
    `tags_any`; or lack all together, or any, of the other two."""

    domain_id: str | UnsetType = UNSET
    parent_id: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    enabled: str | UnsetType = UNSET
    is_domain: str | UnsetType = UNSET
    tags: str | UnsetType = UNSET
    tags_any: str | UnsetType = msgspec.field(default=UNSET, name="tags-any")
    not_tags: str | UnsetType = msgspec.field(default=UNSET, name="not-tags")
    not_tags_any: str | UnsetType = msgspec.field(default=UNSET, name="not-tags-any")


class FamilyQuery(OpenBody):
    """Whether a project is shown with those above and below it, as a tree of ids or as a list, there with limits."""

    parents_as_ids: str | UnsetType = UNSET
    parents_as_list: str | UnsetType = UNSET
    subtree_as_ids: str | UnsetType = UNSET
    subtree_as_list: str | UnsetType = UNSET
    include_limits: str | UnsetType = UNSET


class ProjectView(View):
    id: str
    name: str
    domain_id: str | None
    description: str
    enabled: bool
    parent_id: str | None
    is_domain: bool
    tags: Sequence[str]
    options: dict[str, Any]
    links: Links
    parents: Any | UnsetType = UNSET
    subtree: Any | UnsetType = UNSET

    @classmethod
    def of(cls, project: Project, tags: Sequence[str], url: str) -> "ProjectView":
        """`url` is where the collection stands."""
        return cls(
            id=project.id,
            name=project.name,
            domain_id=None if project.domain_id == NO_DOMAIN else project.domain_id,
            description=project.description,
            enabled=project.enabled,
            parent_id=project.parent_id,
            is_domain=project.is_domain,
            tags=tags,
            options=project.options,
            links=link(url, project.id),
        )


class TagsView(View):
    tags: Sequence[str]
    links: Links
