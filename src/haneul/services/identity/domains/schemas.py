from collections.abc import Sequence
from typing import Annotated, Any

from haneul.kernel.schema import UNSET, Meta, OpenBody, UnsetType, View
from haneul.services.identity.options import ResourceOptions
from haneul.services.identity.projects.models import Project
from haneul.services.identity.projects.schemas import Tags
from haneul.services.identity.schemas import Description, Links, Name64, link


class DomainCreate(OpenBody):
    """`explicit_domain_id` is the id that the domain shall have: 32 hexadecimal digits."""

    name: Name64
    description: Description | None = ""
    enabled: bool = True
    options: ResourceOptions = ResourceOptions()
    tags: Tags = []
    explicit_domain_id: Annotated[str, Meta(pattern=r"^[0-9a-f]{32}\Z")] | UnsetType = UNSET


class DomainFilters(OpenBody):
    name: str | UnsetType = UNSET
    enabled: str | UnsetType = UNSET


class DomainView(View):
    id: str
    name: str
    description: str
    enabled: bool
    tags: Sequence[str]
    options: dict[str, Any]
    links: Links

    @classmethod
    def of(cls, domain: Project, tags: Sequence[str], url: str) -> "DomainView":
        """`url` is where the collection stands."""
        return cls(
            id=domain.id,
            name=domain.name,
            description=domain.description,
            enabled=domain.enabled,
            tags=tags,
            options=domain.options,
            links=link(url, domain.id),
        )
