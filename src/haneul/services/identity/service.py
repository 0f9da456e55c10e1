"""Identity: who may do what. Speaks Keystone's API v3."""

from haneul.kernel.service import Service
from haneul.services.identity.base_rules import BASE_RULES
from haneul.services.identity.config import IdentitySettings
from haneul.services.identity.projects.api import routes as projects
from haneul.services.identity.tokens.api import routes_with
from haneul.services.identity.tokens.checker import Tokens
from haneul.services.identity.versions import routes as versions


def service(tokens: Tokens, settings: IdentitySettings) -> Service:
    return Service(
        type="identity",
        name="keystone",
        description="OpenStack Identity",
        port=5000,
        path="/identity",
        base_rules=BASE_RULES,
        resources=(
            versions,
            routes_with(tokens, settings.bcrypt_cost),
            projects,
        ),
        faults="identity",
        page_links="identity",
        page_most=10_000,
        forbidden="You are not authorized to perform the requested action: {rule}.",
        settings=IdentitySettings,
    )
