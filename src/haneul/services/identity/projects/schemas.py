from typing import Annotated, Any

from haneul.kernel.schema import UNSET, Meta, OpenBody, Text255, UnsetType, View
from haneul.services.identity.projects.models import NO_DOMAIN, Project

ProjectName = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"\S")]
Description = Annotated[str, Meta(max_length=65535)]


class ProjectCreate(OpenBody):
    name: ProjectName
    domain_id: str | None = None
    parent_id: str | None = None
    description: Description | None = ""
    enabled: bool = True
    is_domain: bool = False
    options: dict[str, Any] = {}
    tags: list[Text255] = []


class ProjectUpdate(OpenBody):
    name: ProjectName | UnsetType = UNSET
    domain_id: str | UnsetType = UNSET
    parent_id: str | None | UnsetType = UNSET
    description: Description | None | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    is_domain: bool | UnsetType = UNSET
    options: dict[str, Any] | UnsetType = UNSET


class ProjectFilters(OpenBody):
    domain_id: str | UnsetType = UNSET
    parent_id: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    enabled: str | UnsetType = UNSET
    is_domain: str | UnsetType = UNSET


class Links(View):
    self: str


class ProjectView(View):
    id: str
    name: str
    domain_id: str | None
    description: str
    enabled: bool
    parent_id: str | None
    is_domain: bool
    tags: list[str]
    options: dict[str, Any]
    links: Links

    @classmethod
    def of(cls, project: Project, url: str) -> "ProjectView":
        """`url` is where the collection stands."""
        return cls(
            id=project.id,
            name=project.name,
            domain_id=None if project.domain_id == NO_DOMAIN else project.domain_id,
            description=project.description,
            enabled=project.enabled,
            parent_id=project.parent_id,
            is_domain=project.is_domain,
            tags=[],
            options=project.options,
            links=Links(self=f"{url}/{project.id}"),
        )
