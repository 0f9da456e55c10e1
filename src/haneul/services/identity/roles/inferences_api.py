"""Which role implies which."""

from haneul.kernel.http import Call, Reply, Routes
from haneul.kernel.policy import Rule
from haneul.services.identity.base_rules import CLOUD_WIDE
from haneul.services.identity.roles import logic
from haneul.services.identity.roles.api import SYSTEM_READER
from haneul.services.identity.roles.models import Role
from haneul.services.identity.roles.schemas import Inference, InferencesView, InferenceView, InferredRole
from haneul.services.identity.schemas import Links

routes = Routes()

LIST_ALL = Rule(
    "identity:list_role_inference_rules", SYSTEM_READER, "List which roles imply which.", scope_types=CLOUD_WIDE
)
LIST = Rule("identity:list_implied_roles", SYSTEM_READER, "List the roles that a role implies.", scope_types=CLOUD_WIDE)
GET = Rule("identity:get_implied_role", SYSTEM_READER, "Show that a role implies another.", scope_types=CLOUD_WIDE)
CHECK = Rule("identity:check_implied_role", SYSTEM_READER, "Check that a role implies another.", scope_types=CLOUD_WIDE)
CREATE = Rule(
    "identity:create_implied_role", "rule:admin_required", "Let a role imply another.", scope_types=CLOUD_WIDE
)
DELETE = Rule(
    "identity:delete_implied_role", "rule:admin_required", "Let a role imply another no longer.", scope_types=CLOUD_WIDE
)

ONE = "/v3/roles/{role_id}/implies/{implied_role_id}"


def inference(call: Call, prior: Role, implied: list[Role]) -> Inference:
    url = call.url("/v3/roles")
    return Inference(prior_role=InferredRole.of(prior, url), implies=[InferredRole.of(role, url) for role in implied])


def view(call: Call, prior: Role, implied: Role) -> InferenceView:
    url = call.url("/v3/roles")
    one = Inference(prior_role=InferredRole.of(prior, url), implies=InferredRole.of(implied, url))
    return InferenceView(role_inference=one, links=Links(self=call.url(call.ask.path)))


def allowed(call: Call, role_id: str, implied_role_id: str) -> tuple[Role, Role]:
    """Both roles, once the route's rule allows it."""
    prior, implied = logic.find(call.db, role_id), logic.find(call.db, implied_role_id)
    call.enforce(prior_role=prior or {}, implied_role=implied or {})
    return logic.existing(prior, role_id), logic.existing(implied, implied_role_id)


@routes.get("/v3/role_inferences", rule=LIST_ALL)
def list_inferences(call: Call) -> InferencesView:
    call.enforce()
    found = [inference(call, prior, list(implied)) for prior, implied in logic.inferences(call.db)]
    return InferencesView(role_inferences=found, links=Links(self=call.url(call.ask.path)))


@routes.get("/v3/roles/{role_id}/implies", rule=LIST)
def list_implied_roles(call: Call, role_id: str) -> InferenceView:
    prior = logic.find(call.db, role_id)
    call.enforce(prior_role=prior or {})
    found = logic.existing(prior, role_id)
    shown = inference(call, found, logic.implied_by(call.db, role_id))
    return InferenceView(role_inference=shown, links=Links(self=call.url(call.ask.path)))


@routes.get(ONE, rule=GET)
def get_implied_role(call: Call, role_id: str, implied_role_id: str) -> InferenceView:
    prior, implied = allowed(call, role_id, implied_role_id)
    logic.refuse_unimplied(call.db, prior, implied)
    return view(call, prior, implied)


@routes.head(ONE, rule=CHECK, status=204)
def check_implied_role(call: Call, role_id: str, implied_role_id: str) -> None:
    logic.refuse_unimplied(call.db, *allowed(call, role_id, implied_role_id))


@routes.put(ONE, rule=CREATE)
def create_implied_role(call: Call, role_id: str, implied_role_id: str) -> Reply[InferenceView]:
    prior, implied = allowed(call, role_id, implied_role_id)
    logic.imply(call.db, prior, implied)
    return Reply(view=view(call, prior, implied), status=201)


@routes.delete(ONE, rule=DELETE)
def delete_implied_role(call: Call, role_id: str, implied_role_id: str) -> None:
    logic.imply_no_longer(call.db, *allowed(call, role_id, implied_role_id))
