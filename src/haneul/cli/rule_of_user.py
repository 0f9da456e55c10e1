"""What a policy rule says of a user, with the roles that he has now."""

import os
from typing import Any
from urllib.parse import quote

import msgspec

from haneul.cli.client import AdminClient, Refused
from haneul.cli.failures import Failure
from haneul.cli.tree.layout import Layout
from haneul.cloud import Cloud
from haneul.kernel.auth import Caller
from haneul.kernel.policy import Policy


class Explained(msgspec.Struct, frozen=True):
    """The decision, its reasons, and for whom it was asked."""

    allowed: bool
    sentence: str
    sufficient_roles: tuple[str, ...]
    user_id: str
    project_id: str | None
    roles: tuple[str, ...]


def explain(layout: Layout, user: str, rule: str, project: str | None) -> Explained:
    """Decide a rule for a user in a project of his, on a thing of that project; Failure for an unknown name."""
    policy = _policy_with(layout, rule)
    caller = _caller(AdminClient(layout, layout.settings()), user, project)
    found = policy.explain(rule, caller, caller)
    return Explained(
        found.allowed,
        found.sentence,
        found.sufficient_roles,
        caller.user_id,
        caller.project_id,
        tuple(sorted(caller.roles)),
    )


def _policy_with(layout: Layout, rule: str) -> Policy:
    cloud = Cloud(layout.settings(), layout.sections(os.environ))
    try:
        for service in cloud.services:
            if rule in {one.name for one in cloud.rules_of(service)}:
                return cloud.policy_of(service)
    finally:
        cloud.store.close()
    raise Failure(f"No service has a rule {rule}.", "docs/generated/rbac.txt lists them all.")


def _caller(client: AdminClient, user: str, project: str | None) -> Caller:
    known = _found(client, "user", user)
    path = f"/v3/role_assignments?user.id={known['id']}&effective&include_names"
    held: dict[str, set[str]] = {}
    for one in client.get("identity", path)["role_assignments"]:
        if "project" in one["scope"]:
            held.setdefault(one["scope"]["project"]["id"], set()).add(one["role"]["name"].lower())
    wanted = _found(client, "project", project)["id"] if project else next(iter(sorted(held)), None)
    return Caller(
        user_id=known["id"],
        user_name=known["name"],
        user_domain_id=known["domain_id"],
        project_id=wanted,
        roles=frozenset(held.get(wanted or "", ())),
    )


def _found(client: AdminClient, kind: str, named: str) -> dict[str, Any]:
    """A user or project by id, or by name in the domain default."""
    try:
        found: dict[str, Any] = client.get("identity", f"/v3/{kind}s/{quote(named, safe='')}")[kind]
        return found
    except Refused as refused:
        if refused.status != 404:
            raise
    listed: list[dict[str, Any]] = client.get("identity", f"/v3/{kind}s?name={quote(named)}&domain_id=default")[
        f"{kind}s"
    ]
    if not listed:
        raise Failure(f"There is no {kind} {named}.")
    return listed[0]
