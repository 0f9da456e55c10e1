"""Changing a project or a domain, and what follows when it is disabled."""

from collections.abc import Mapping
from typing import Any

from haneul.kernel.db import Db, fields, unique
from haneul.kernel.errors import BadRequest, Forbidden
from haneul.kernel.schema import UNSET
from haneul.services.identity.config import IdentitySettings
from haneul.services.identity.epoch import bump
from haneul.services.identity.options import options_after, refuse_immutable
from haneul.services.identity.projects import logic, names, tags, tree
from haneul.services.identity.projects.models import Project, projects
from haneul.services.identity.projects.schemas import ProjectUpdate
from haneul.services.identity.revocation.logic import revoke_domain, revoke_project


def update(
    db: Db, project: Project, wanted: ProjectUpdate, extra: Mapping[str, Any], settings: IdentitySettings = logic.USUAL
) -> Project:
    """Change a project or domain; its domain, its parent and being a domain stay as they were.

    Disabling it ends every token for it; those for a domain end with those of its users and its projects.
    """
    bump(db)
    logic.hold(db, project.owner_id)
    project = logic.get(db, project.id)
    _refuse_immutable(project, wanted, extra)
    _refuse_moving(project, wanted)
    if wanted.enabled is not UNSET and wanted.enabled != project.enabled and not project.is_domain:
        _refuse_broken_branch(db, project)
    changes = _changes(project, wanted, extra, settings)
    if changes:
        duplicate = logic.DUPLICATE_DOMAIN if project.is_domain else logic.DUPLICATE
        with unique(duplicate, name=changes.get("name"), id=project.id):
            db.update(projects, {"id": project.id}, **changes)
    if wanted.tags is not UNSET:
        tags.replace(db, project.id, wanted.tags)
    if wanted.enabled is False and project.enabled:
        (revoke_domain if project.is_domain else revoke_project)(db, project.id)
        logic.write_down(db, project, "disabled")
    logic.write_down(db, project, "updated", changed=sorted({*fields(wanted), *extra}))
    return logic.get(db, project.id)


def _changes(
    project: Project, wanted: ProjectUpdate, extra: Mapping[str, Any], settings: IdentitySettings
) -> dict[str, Any]:
    """The columns to set."""
    changes = {name: value for name, value in fields(wanted).items() if name in ("name", "description", "enabled")}
    if changes.get("name", project.name) != project.name:
        changes["name"] = names.kept(changes["name"], settings, is_domain=project.is_domain)
    if "description" in changes:
        changes["description"] = changes["description"] or ""
    if wanted.options is not UNSET:
        changes["options"] = options_after(project.options, wanted.options)
    if extra:
        changes["extra"] = {**project.extra, **extra}
    return changes


def _refuse_immutable(project: Project, wanted: ProjectUpdate, extra: Mapping[str, Any]) -> None:
    """Forbidden for an immutable project; it may be made mutable, by a request that asks for nothing else."""
    is_alone = fields(wanted).keys() == {"options"} and not extra
    freeing = wanted.options if is_alone else UNSET
    kind = "domain" if project.is_domain else "project"
    refuse_immutable("update", kind, project.id, project.options, freeing)


def _refuse_moving(project: Project, wanted: ProjectUpdate) -> None:
    domain_id = None if project.is_domain else project.domain_id
    if wanted.domain_id is not UNSET and wanted.domain_id != domain_id:
        raise BadRequest("Cannot change Domain ID")
    if wanted.parent_id is not UNSET and wanted.parent_id != project.parent_id:
        raise Forbidden("Update of `parent_id` is not allowed.")
    if wanted.is_domain is not UNSET and wanted.is_domain != project.is_domain:
        raise BadRequest("Update of `is_domain` is not allowed.")


def _refuse_broken_branch(db: Db, project: Project) -> None:
    """No enabled project stands under a disabled one."""
    if project.enabled and any(below.enabled for below in tree.below(db, project.id)):
        raise Forbidden(
            "Cannot disable project {id} since its subtree contains enabled projects.",
            id=project.id,
        )
    if not project.enabled and any(not above.enabled for above in tree.above(db, project.id)):
        raise Forbidden("Cannot enable project {id} since it has disabled parents", id=project.id)
