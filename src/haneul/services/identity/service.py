"""Identity: who may do what. Speaks Keystone's API v3."""

from haneul.kernel.service import Service
from haneul.services.identity.application_credentials.api import routes_with as application_credential_routes_with
from haneul.services.identity.application_credentials.rules_api import routes as access_rules
from haneul.services.identity.audit.api import routes as audit
from haneul.services.identity.audit.sealing import Sealer
from haneul.services.identity.auth.api import routes as own_access
from haneul.services.identity.authentication.api import routes_with as login_routes_with
from haneul.services.identity.base_rules import BASE_RULES
from haneul.services.identity.config import IdentitySettings
from haneul.services.identity.credentials.api import routes_with as credential_routes_with
from haneul.services.identity.domains.api import routes as domains
from haneul.services.identity.domains.api import writing_routes_with as domain_writing_routes_with
from haneul.services.identity.ec2.api import routes_with as ec2_routes_with
from haneul.services.identity.ec2.tokens_api import routes_with as ec2_token_routes_with
from haneul.services.identity.endpoint_filter.api import routes as endpoint_filter
from haneul.services.identity.endpoint_filter.groups_api import routes as endpoint_group_filter
from haneul.services.identity.endpoint_groups.api import routes as endpoint_groups
from haneul.services.identity.endpoint_policy.api import routes as endpoint_policy
from haneul.services.identity.endpoints.api import routes as endpoints
from haneul.services.identity.grants.api import routes as grants
from haneul.services.identity.groups.api import routes as groups
from haneul.services.identity.groups.members_api import routes_with as member_routes_with
from haneul.services.identity.limits.api import routes_with as limit_routes_with
from haneul.services.identity.parts import Parts
from haneul.services.identity.policies.api import routes as policies
from haneul.services.identity.projects.api import routes as projects
from haneul.services.identity.projects.api import writing_routes_with as project_writing_routes_with
from haneul.services.identity.projects.tags_api import routes as tags
from haneul.services.identity.regions.api import routes as regions
from haneul.services.identity.registered_limits.api import routes as registered_limits
from haneul.services.identity.revocation.api import routes as revocation
from haneul.services.identity.role_assignments.api import routes as role_assignments
from haneul.services.identity.roles.api import routes as roles
from haneul.services.identity.roles.inferences_api import routes as inferences
from haneul.services.identity.services.api import routes as services
from haneul.services.identity.tokens.api import routes_with as token_routes_with
from haneul.services.identity.trusts.api import routes_with as trust_routes_with
from haneul.services.identity.users.api import routes_with as user_routes_with
from haneul.services.identity.users.password_api import routes_with as password_routes_with
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
            login_routes_with(parts),
            token_routes_with(parts),
            revocation,
            own_access,
            domains,
            domain_writing_routes_with(parts),
            projects,
            project_writing_routes_with(parts),
            tags,
            user_routes_with(parts),
            password_routes_with(parts),
            application_credential_routes_with(parts),
            access_rules,
            trust_routes_with(parts),
            credential_routes_with(parts),
            ec2_routes_with(parts),
            ec2_token_routes_with(parts),
            groups,
            member_routes_with(parts),
            roles,
            inferences,
            grants,
            role_assignments,
            services,
            endpoints,
            regions,
            registered_limits,
            limit_routes_with(parts),
            endpoint_groups,
            endpoint_filter,
            endpoint_group_filter,
            policies,
            endpoint_policy,
            audit,
        ),
        faults="identity",
        page_links="identity",
        page_most=10_000,
        forbidden="You are not authorized to perform the requested action: {rule}.",
        settings=IdentitySettings,
        workers=(lambda store: Sealer(store, parts.settings),),
    )
