from haneul.kernel.schema import View
from haneul.services.identity.endpoint_filter.models import ProjectEndpointGroup
from haneul.services.identity.schemas import Links, link


class ProjectEndpointGroupView(View):
    project_id: str
    endpoint_group_id: str
    links: Links

    @classmethod
    def of(cls, given: ProjectEndpointGroup, url: str) -> "ProjectEndpointGroupView":
        """`url` is where the group's projects stand."""
        return cls(
            project_id=given.project_id,
            endpoint_group_id=given.endpoint_group_id,
            links=link(url, given.project_id),
        )
