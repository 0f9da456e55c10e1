"""What Glance's default rules decide, worked out from their text; and what it hides beside them."""

from collections.abc import Iterable, Mapping
from typing import Any

from tests.laws.matrix.upstream import Credentials, holds, scope_of
from tests.surface import policies

DEFAULTS = {rule.policy_name: rule.default_check for rule in policies("glance")}
# The rules that others build on: glance/policies/base.py and metadef.py.
BASE = {
    "default": "",
    "context_is_admin": "role:admin",
    "service_api": "role:service or role:admin",
    "metadef_admin": "rule:context_is_admin",
}
ALLOWED, REFUSED, HIDDEN = 200, 403, 404
# By which rule it is known whether somebody may know of what he was refused.
KNOWN_BY = {"image": "get_image", "namespace": "get_metadef_namespace"}

Target = Mapping[str, Any]


def verdict(rules: Iterable[str], credentials: Credentials, target: Target, kind: str) -> int:
    """What becomes of a call that these rules protect, upon a target of this kind.

    What a token can't see is not there for it, whatever it wants of it, and whatever the rules of that say. What its
    rules refuse is not there either, if it may not even be shown. A `cached` image is looked for and never shown; a
    `member` that is refused is always hidden; whatever has no kind hides nothing.
    """
    if kind and not in_database(credentials, target):
        return HIDDEN
    if all(allows(rule, credentials, target) for rule in rules):
        return ALLOWED
    if kind == "member":
        return HIDDEN
    return REFUSED if kind not in KNOWN_BY or allows(KNOWN_BY[kind], credentials, target) else HIDDEN


def allows(rule: str, credentials: Credentials, target: Target) -> bool:
    """Whether a rule lets a token do it to the target. All of Glance's take tokens of projects alone."""
    return scope_of(credentials) == "project" and holds(DEFAULTS[rule], credentials, target, BASE)


def in_database(credentials: Credentials, target: Target) -> bool:
    """Whether Glance's database gives the token what it asks for: glance/db/utils.py, and alike for namespaces.

    A target without a visibility is none of the database's.
    """
    if "admin" in credentials["roles"] or target.get("visibility", "public") in ("public", "community"):
        return True
    return credentials["project_id"] in (target["project_id"], *target.get("members", ()))
