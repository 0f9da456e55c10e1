"""Who may see and use what another project owns."""

from collections.abc import Collection, Sequence

from sqlalchemy import BindParameter, ColumnElement, Select, Table, bindparam, or_, select

from haneul.kernel.db import Db, Query, columns_of
from haneul.kernel.db.listing import Clause
from haneul.kernel.ids import new_uuid
from haneul.services.network.rbac.models import RbacPolicy, rbac_policies

EVERYONE = "*"
SHARED, EXTERNAL = "access_as_shared", "access_as_external"
OF_OBJECTS = Query(
    RbacPolicy,
    columns_of(RbacPolicy, rbac_policies).where(
        rbac_policies.c.object_type == bindparam("object_type"),
        rbac_policies.c.object_id.in_(bindparam("ids", expanding=True)),
        rbac_policies.c.target_project.in_(bindparam("targets", expanding=True)),
    ),
)
MANY = 500


def visible(object_type: str, table: Table, project_id: str) -> Clause:
    """The condition of rows that are this project's or that somebody lets it use."""

    def build() -> ColumnElement[bool]:
        let = select(rbac_policies.c.object_id).where(
            rbac_policies.c.object_type == object_type,
            rbac_policies.c.target_project.in_(bindparam("rbac_targets", expanding=True)),
        )
        return or_(table.c.project_id == bindparam("rbac_project"), table.c.id.in_(let))

    return Clause("visible", build, {"rbac_project": project_id, "rbac_targets": [EVERYONE, project_id]}, is_bound=True)


def is_shared(object_type: str, table: Table, project_id: str, *, wanted: bool) -> Clause:
    """The condition of rows that are, or are not, shared with a project."""

    def build() -> ColumnElement[bool]:
        let = select(rbac_policies.c.object_id).where(
            rbac_policies.c.object_type == object_type,
            rbac_policies.c.action == SHARED,
            rbac_policies.c.target_project.in_(bindparam("shared_targets", expanding=True)),
        )
        return table.c.id.in_(let) if wanted else table.c.id.not_in(let)

    return Clause(f"shared {wanted}", build, {"shared_targets": [EVERYONE, project_id]})


def shared_with(db: Db, object_type: str, ids: Sequence[str], project_id: str, action: str = SHARED) -> Collection[str]:
    """Which of these are shared with the project, or with everyone."""
    found = set()
    for start in range(0, len(ids), MANY):
        part = ids[start : start + MANY]
        for policy in db.all(OF_OBJECTS, object_type=object_type, ids=part, targets=[EVERYONE, project_id]):
            if policy.action == action:
                found.add(policy.object_id)
    return found


def shared_networks(project_id: BindParameter[str]) -> Select[tuple[str]]:
    """The ids of networks that somebody shares with a project, or with everyone."""
    of = (rbac_policies.c.target_project == EVERYONE) | (rbac_policies.c.target_project == project_id)
    return select(rbac_policies.c.object_id).where(
        rbac_policies.c.object_type == "network", rbac_policies.c.action == SHARED, of
    )


def may_use(db: Db, object_type: str, object_id: str, project_id: str) -> bool:
    """Whether a project may use what another owns, in whatever way."""
    named = {"object_type": object_type, "ids": [object_id], "targets": [EVERYONE, project_id]}
    return bool(db.all(OF_OBJECTS, **named))


def share(db: Db, object_type: str, object_id: str, owner_id: str, action: str = SHARED) -> None:
    """Let every project use it. Repeatable."""
    key = {"object_type": object_type, "object_id": object_id, "action": action, "target_project": EVERYONE}
    if object_id not in shared_with(db, object_type, [object_id], EVERYONE, action):
        db.insert(rbac_policies, RbacPolicy(id=new_uuid(), project_id=owner_id, **key))


def unshare(db: Db, object_type: str, object_id: str, action: str = SHARED) -> None:
    """Let only those use it who are named."""
    db.delete(rbac_policies, object_type=object_type, object_id=object_id, action=action, target_project=EVERYONE)


def take_back(db: Db, object_type: str, object_id: str, action: str) -> None:
    """Let nobody use it in this way any more, those who are named neither."""
    db.delete(rbac_policies, object_type=object_type, object_id=object_id, action=action)


def forget(db: Db, object_type: str, object_id: str) -> None:
    """Delete what was said of an object, with the object."""
    db.delete(rbac_policies, object_type=object_type, object_id=object_id)
