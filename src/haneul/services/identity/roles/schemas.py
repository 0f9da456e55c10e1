from typing import Any

from haneul.kernel.schema import UNSET, OpenBody, UnsetType, View
from haneul.services.identity.options import ResourceOptions
from haneul.services.identity.roles.models import GLOBAL, Role
from haneul.services.identity.schemas import Description, Id, Links, Name255, link


class RoleCreate(OpenBody):
    name: Name255
    domain_id: Id | None = None
    description: Description | None = None
    options: ResourceOptions = ResourceOptions()


class RoleUpdate(OpenBody):
    name: Name255 | UnsetType = UNSET
    domain_id: Id | None | UnsetType = UNSET
    description: Description | None | UnsetType = UNSET
    options: ResourceOptions | UnsetType = UNSET


class RoleFilters(OpenBody):
    name: str | UnsetType = UNSET
    domain_id: str | UnsetType = UNSET


class RoleView(View):
    id: str
    name: str
    domain_id: str | None
    description: str | None
    options: dict[str, Any]
    links: Links

    @classmethod
    def of(cls, role: Role, url: str) -> "RoleView":
        """`url` is where the collection stands."""
        return cls(
            id=role.id,
            name=role.name,
            domain_id=None if role.domain_id == GLOBAL else role.domain_id,
            description=role.description,
            options=role.options,
            links=link(url, role.id),
        )


class InferredRole(View):
    """A role as inferences name it."""

    id: str
    name: str
    links: Links

    @classmethod
    def of(cls, role: Role, url: str) -> "InferredRole":
        return cls(id=role.id, name=role.name, links=link(url, role.id))


class Inference(View):
    """Who has the prior role has those that it implies."""

    prior_role: InferredRole
    implies: list[InferredRole] | InferredRole


class InferenceView(View):
    role_inference: Inference
    links: Links


class InferencesView(View):
    role_inferences: list[Inference]
    links: Links
