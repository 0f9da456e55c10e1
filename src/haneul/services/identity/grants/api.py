"""`/v3/{projects,domains}/ID/{users,groups}/ID/roles`, `/v3/system/{users,groups}/ID/roles`, and the inherited ones."""

from haneul.kernel.http import Call, Listed, Routes
from haneul.services.identity.grants import logic, rules
from haneul.services.identity.grants.logic import ActorType, TargetType
from haneul.services.identity.roles import api as roles

routes = Routes()


def _paths(target: TargetType, actor: ActorType, *, inherited: bool) -> tuple[str, str]:
    """The path of all roles granted in one way, and that of one of them."""
    place = "/v3/system" if target == "system" else f"/v3/{target}s/{{{target}_id}}"
    if inherited:
        place = place.replace("/v3", "/v3/OS-INHERIT", 1)
    every = f"{place}/{actor}s/{{{actor}_id}}/roles"
    suffix = "/inherited_to_projects" if inherited else ""
    return f"{every}{suffix}", f"{every}/{{role_id}}{suffix}"


def _declare(target: TargetType, actor: ActorType, *, inherited: bool = False) -> None:
    """The same four verbs hold for every kind of target and actor; only the words of the path differ."""
    every, one = _paths(target, actor, inherited=inherited)
    is_system = target == "system"

    def asked(call: Call, ids: dict[str, str], *, gone_too: bool = False) -> logic.Grant:
        grant = logic.named(call.db, ids, target, actor, is_inherited=inherited)
        # Keystone tells anybody what isn't there, save where roles are inherited: there it asks its rule first.
        if not inherited:
            refuse_absent(grant, gone_too)
        call.enforce(None, rule=None, **grant.named)
        if inherited:
            refuse_absent(grant, gone_too)
        return grant

    def refuse_absent(grant: logic.Grant, gone_too: bool) -> None:
        logic.refuse_missing(grant)
        if not gone_too:
            logic.refuse_gone(grant)

    @routes.get(one, rule=rules.CHECK_SYSTEM[actor] if is_system else rules.CHECK, status=204)
    def check_grant(call: Call, **ids: str) -> None:
        logic.refuse_ungranted(call.db, asked(call, ids))

    @routes.put(one, rule=rules.CREATE_SYSTEM[actor] if is_system else rules.CREATE, status=204)
    def create_grant(call: Call, **ids: str) -> None:
        logic.create(call.db, asked(call, ids))

    @routes.delete(one, rule=rules.REVOKE_SYSTEM[actor] if is_system else rules.REVOKE)
    def revoke_grant(call: Call, **ids: str) -> None:
        logic.delete(call.db, asked(call, ids, gone_too=True))

    def list_grants(call: Call, **ids: str) -> Listed[roles.View]:
        found = logic.roles_of(call.db, asked(call, ids))
        return Listed(items=[roles.view(call, role) for role in found])

    # Of the roles that are inherited from a project, Keystone has no list either.
    if not inherited or target != "project":
        routes.get(every, rule=rules.LIST_SYSTEM[actor] if is_system else rules.LIST, wraps="roles")(list_grants)
    for handler in (check_grant, create_grant, revoke_grant, list_grants):
        # The API's description wants a name of its own for each operation.
        handler.__name__ += f"_of_{actor}_on_{target}{'_inherited' if inherited else ''}"


for _actor in logic.ACTOR_TYPES:
    _declare("system", _actor)
    for _target in logic.PLACES:
        _declare(_target, _actor)
        _declare(_target, _actor, inherited=True)
