"""Identity: who may do what. Speaks Keystone's API v3."""

from haneul.kernel.service import Service
from haneul.services.identity.auth.api import routes as own_access
from haneul.services.identity.base_rules import BASE_RULES
from haneul.services.identity.config import IdentitySettings
from haneul.services.identity.domains.api import routes as domains
from haneul.services.identity.endpoints.api import routes as endpoints
from haneul.services.identity.grants.api import routes as grants
from haneul.services.identity.groups.api import routes as groups
from haneul.services.identity.groups.members_api import routes as members
from haneul.services.identity.parts import Parts
from haneul.services.identity.projects.api import routes as projects
from haneul.services.identity.projects.tags_api import routes as tags
from haneul.services.identity.regions.api import routes as regions
from haneul.services.identity.role_assignments.api import routes as role_assignments
from haneul.services.identity.roles.api import routes as roles
from haneul.services.identity.roles.inferences_api import routes as inferences
from haneul.services.identity.services.api import routes as services
from haneul.services.identity.tokens.api import routes_with as token_routes_with
from haneul.services.identity.users.api import routes_with as user_routes_with
from haneul.services.identity.versions import routes as versions


def service(parts: Parts) -> Service:
    return Service(
        type="identity",
        name="keystone",
        description="OpenStack Identity",
        port=5000,
        path="/identity",
        base_rules=BASE_RULES,
        resources=(
            versions,
            token_routes_with(parts),
            own_access,
            domains,
            projects,
            tags,
            user_routes_with(parts),
            groups,
            members,
            roles,
            inferences,
            grants,
            role_assignments,
            services,
            endpoints,
            regions,
        ),
        faults="identity",
        page_links="identity",
        page_most=10_000,
        forbidden="You are not authorized to perform the requested action: {rule}.",
        settings=IdentitySettings,
    )
