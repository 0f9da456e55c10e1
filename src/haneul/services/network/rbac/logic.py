from collections.abc import Sequence
from re import compile as pattern

from sqlalchemy import bindparam, select

from haneul.kernel.db import Db, by, unique
from haneul.kernel.db.listing import Listing
from haneul.kernel.errors import BadRequest, Conflict, NotFound
from haneul.kernel.ids import new_uuid
from haneul.services.network.lists import Asked, fetched
from haneul.services.network.networks import logic as networks
from haneul.services.network.owners import Viewer, owned_by
from haneul.services.network.quotas.logic import counted, take_one
from haneul.services.network.rbac import objects
from haneul.services.network.rbac.models import RbacPolicy, rbac_policies
from haneul.services.network.rbac.schemas import RbacPolicyCreate
from haneul.services.network.rbac.sharing import EVERYONE, EXTERNAL, may_use
from haneul.services.network.subnet_pools import logic as subnet_pools

BY_ID = by(RbacPolicy, rbac_policies, "id")
QUOTA = counted("rbac_policy", rbac_policies)
UUID = pattern(r"[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}")
TARGETS = select(rbac_policies.c.target_project).where(
    rbac_policies.c.object_type == bindparam("object_type"),
    rbac_policies.c.object_id == bindparam("object_id"),
    rbac_policies.c.action == bindparam("action"),
)
COLUMNS = ("id", "project_id", "object_type", "object_id", "action", "target_project")
LISTING = Listing(
    RbacPolicy,
    rbac_policies,
    filters={name: rbac_policies.c[name] for name in COLUMNS},
    sorts={name: rbac_policies.c[name] for name in COLUMNS},
    default_sort=(("id", "asc"),),
)


def get(db: Db, policy_id: str, viewer: Viewer | None = None) -> RbacPolicy:
    """The policy, if there is one that is the viewer's; NotFound."""
    policy = db.one(BY_ID, id=policy_id)
    if policy is None or not (viewer is None or viewer.is_admin or policy.project_id == viewer.project_id):
        raise NotFound("RBAC policy of type unknown with ID {id} not found", kind="RbacPolicyNotFound", id=policy_id)
    return policy


def list_(db: Db, viewer: Viewer, wanted: Asked) -> list[RbacPolicy]:
    own = [] if viewer.is_admin else [owned_by(rbac_policies, viewer.project_id)]
    return fetched(db, LISTING, wanted, own)


def create(db: Db, wanted: RbacPolicyCreate, target: str, project_id: str, viewer: Viewer) -> RbacPolicy:
    """Let a project, or everyone, use an object; BadRequest if it isn't the viewer's to share, Conflict if it is so."""
    object_type = objects.type_of(wanted.object_type)
    objects.refuse_other_action(object_type, wanted.action)
    _refuse_no_project(target)
    owner = objects.owner_of(db, object_type, wanted.object_id, viewer)
    if not viewer.is_admin and owner != viewer.project_id:
        raise BadRequest(
            "Invalid input for operation: Only admins can manipulate policies on objects they do not own.",
            kind="InvalidInput",
        )
    if object_type == subnet_pools.SUBNET_POOL:
        _refuse_unseen_scope(db, wanted.object_id, target)
    take_one(db, project_id, QUOTA)
    policy = RbacPolicy(new_uuid(), project_id, object_type, wanted.object_id, wanted.action, target)
    with unique("An RBAC policy already exists with those values.", kind="DuplicateRbacPolicy"):
        db.insert(rbac_policies, policy)
    _tell_network(db, policy)
    return policy


def _refuse_no_project(target: str) -> None:
    if target != EVERYONE and not UUID.fullmatch(target):
        raise BadRequest(
            "Invalid input for operation: '{target}' is not a valid target project ID; expected a UUID or '*'.",
            kind="InvalidInput",
            target=target,
        )


def _refuse_unseen_scope(db: Db, pool_id: str, target: str) -> None:
    """Whoever gets a subnet pool must have its address scope."""
    scope_id = subnet_pools.get(db, pool_id).address_scope_id
    if scope_id and not may_use(db, "address_scope", scope_id, target):
        raise BadRequest(
            "Failed to create RBAC policy on object {id} because target project doesn't have access to associated "
            "address scope.",
            kind="RbacPolicyInitError",
            id=pool_id,
        )


def _tell_network(db: Db, policy: RbacPolicy) -> None:
    """A network's revision counts who may use it, and it is external as long as it is so to anybody."""
    if policy.object_type != networks.NETWORK:
        return
    values = {}
    if policy.action == EXTERNAL:
        values["is_external"] = bool(_targets(db, policy))
    networks.CHANGES.bump(db, policy.object_id, **values)


def _targets(db: Db, policy: RbacPolicy) -> list[str]:
    named = {"object_type": policy.object_type, "object_id": policy.object_id, "action": policy.action}
    return [target for (target,) in db.tuples(TARGETS, **named)]


def update(db: Db, policy: RbacPolicy, target: str) -> RbacPolicy:
    """Let another project use the object in place of the present one; Conflict while that one does."""
    _refuse_no_project(target)
    if target == policy.target_project:
        return policy
    if target != EVERYONE:
        _refuse_in_use(db, policy, [target])
    with unique("An RBAC policy already exists with those values.", kind="DuplicateRbacPolicy"):
        db.update(rbac_policies, {"id": policy.id}, target_project=target)
    _tell_network(db, policy)
    return get(db, policy.id)


def delete(db: Db, policy: RbacPolicy) -> None:
    """Let the object not be used any more by whom this policy let; Conflict while he does."""
    _refuse_in_use(db, policy)
    db.delete(rbac_policies, id=policy.id)
    _tell_network(db, policy)


def _refuse_in_use(db: Db, policy: RbacPolicy, future: Sequence[str] = ()) -> None:
    owner = objects.owner_of(db, policy.object_type, policy.object_id)
    others = {*_targets(db, policy), *future} - {policy.target_project}
    if policy.target_project == owner or EVERYONE in others:
        return
    if policy.action == EXTERNAL and policy.target_project == EVERYONE and _is_default(db, policy.object_id):
        raise _in_use(policy, "Default external networks must be shared to everyone.")
    users = objects.users_of(db, policy.object_type, policy.object_id, policy.action) - {owner}
    losers = users - others if policy.target_project == EVERYONE else users & {policy.target_project}
    if losers:
        raise _in_use(policy, _reason(policy, sorted(losers)))


def _is_default(db: Db, network_id: str) -> bool:
    return networks.get(db, network_id).is_default


def _reason(policy: RbacPolicy, losers: Sequence[str]) -> str:
    if policy.action == EXTERNAL:
        return "There are routers attached to this network that depend on this policy for access."
    return f"Projects that use it: {', '.join(losers[:10])}."


def _in_use(policy: RbacPolicy, details: str) -> Conflict:
    return Conflict(
        "RBAC policy on object {id} cannot be removed because other objects depend on it.\nDetails: {details}",
        kind="RbacPolicyInUse",
        id=policy.object_id,
        details=details,
    )
