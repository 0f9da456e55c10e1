from haneul.kernel.errors import BadRequest
from haneul.kernel.http import Call, Listed, Routes
from haneul.kernel.policy import Rule
from haneul.kernel.schema import UNSET
from haneul.services.identity.filters import is_true
from haneul.services.identity.projects import logic as projects
from haneul.services.identity.role_assignments.effective import assigned
from haneul.services.identity.role_assignments.models import SYSTEM, Assigned
from haneul.services.identity.role_assignments.names import Names, Scopes, names_of, no_names
from haneul.services.identity.role_assignments.schemas import AssignmentQuery, AssignmentView
from haneul.services.identity.role_assignments.search import Asked, refuse_contradictions

routes = Routes()

READER = (
    "(rule:admin_required) or (role:reader and system_scope:all) or (role:reader and domain_id:%(target.domain_id)s)"
)
LIST = Rule("identity:list_role_assignments", READER, "List who has which role on what.")
LIST_TREE = Rule("identity:list_role_assignments_for_tree", READER, "List who has which role in a tree of projects.")


@routes.get("/v3/role_assignments", rule=LIST, wraps="role_assignments")
def list_role_assignments(call: Call, query: AssignmentQuery) -> Listed[AssignmentView]:
    _enforce(call, query)
    asked = _asked(call, query)
    refuse_contradictions(asked)
    found = assigned(call.db, asked)
    names = names_of(call.db, found) if is_true(query.include_names) else no_names()
    base, scopes = call.url("/v3"), Scopes(names["target"])
    return Listed(items=[_view(one, names, scopes, base) for one in found])


def _enforce(call: Call, query: AssignmentQuery) -> None:
    if not is_true(query.include_subtree):
        call.enforce(domain_id=call.caller.domain_id)
        return
    project = projects.get(call.db, query.project_id) if query.project_id else None
    call.enforce(rule=LIST_TREE, domain_id=project.domain_id if project else None)
    if project is None:
        raise BadRequest("scope.project.id must be specified if include_subtree is also specified")


def _asked(call: Call, query: AssignmentQuery) -> Asked:
    return Asked(
        user_id=query.user_id or None,
        group_id=query.group_id or None,
        role_id=query.role_id or None,
        project_id=query.project_id or None,
        domain_id=query.domain_id or None,
        system=query.system or None,
        is_inherited=None if query.inherited_to is None else query.inherited_to == "projects",
        is_effective=is_true(query.effective),
        with_subtree=is_true(query.include_subtree),
        within=call.caller.domain_id,
    )


def _view(one: Assigned, names: Names, scopes: Scopes, base: str) -> AssignmentView:
    is_user = one.actor_type == "user"
    return AssignmentView(
        role=names["role"][one.role_id],
        scope=scopes[one.target_type, one.target_id, bool(one.is_inherited or one.by_target_id)],
        links=_links(one, base),
        user=names["user"][one.actor_id] if is_user else UNSET,
        group=UNSET if is_user else names["group"][one.actor_id],
    )


def _links(one: Assigned, base: str) -> dict[str, str]:
    """Where the grant stands that this assignment is, or comes of."""
    if one.target_type == "project" and not (one.is_inherited or one.by_group_id or one.by_target_id or one.by_role_id):
        # Most are like this, and lists are long.
        return {"assignment": f"{base}/projects/{one.target_id}/{one.actor_type}s/{one.actor_id}/roles/{one.role_id}"}
    target_type, target_id = one.by_target_type or one.target_type, one.by_target_id or one.target_id
    place = "system" if target_type == SYSTEM else f"{target_type}s/{target_id}"
    actor = f"groups/{one.by_group_id}" if one.by_group_id else f"{one.actor_type}s/{one.actor_id}"
    grant = f"{place}/{actor}/roles/{one.by_role_id or one.role_id}"
    if one.is_inherited or one.by_target_id:
        grant = f"OS-INHERIT/{grant}/inherited_to_projects"
    links = {"assignment": f"{base}/{grant}"}
    if one.by_group_id:
        links["membership"] = f"{base}/groups/{one.by_group_id}/users/{one.actor_id}"
    if one.by_role_id:
        links["prior_role"] = f"{base}/prior_role/{one.by_role_id}/implies/{one.role_id}"
    return links
