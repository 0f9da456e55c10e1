from collections.abc import Mapping
from typing import Any

import msgspec

from haneul.services.placement.query_words import Wanted

NUMBERED = "[1-9][0-9]*"
NAMED = "[a-zA-Z0-9_-]{1,64}"
KEYS = ("resources", "required", "member_of", "in_tree")


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """One request group. A group with a suffix must be met by one provider, the one without by a whole tree."""

    suffix: str = ""
    resources: Mapping[str, int] = {}
    traits: Wanted = Wanted()
    aggregates: Wanted = Wanted()
    in_tree: str = ""


class CandidateRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Which candidates are asked for. `same_subtrees`: sets of suffixes whose providers stand below one of them.

    `is_isolated`: no two suffixed groups by one provider. `knows_trees`: a candidate may use several providers of a
    tree, as since 1.29.
    """

    groups: tuple[Group, ...]
    limit: int | None = None
    is_isolated: bool = False
    root_traits: Wanted = Wanted()
    same_subtrees: tuple[frozenset[str], ...] = ()
    knows_trees: bool = True

    @property
    def resource_classes(self) -> set[str]:
        return {name for group in self.groups for name in group.resources}


class CandidateQuery(msgspec.Struct, frozen=True, kw_only=True):
    """The parameters without a suffix; each of the first four may carry one."""

    resources: str = ""
    required: list[str] = []
    member_of: list[str] = []
    in_tree: str = ""
    limit: str = ""
    group_policy: str = ""
    root_required: list[str] = []
    same_subtree: list[str] = []


def _old(*names: str) -> dict[str, Any]:
    properties = {name: LIMIT if name == "limit" else TEXT for name in names}
    return {"type": "object", "properties": properties, "required": ["resources"], "additionalProperties": False}


def _granular(suffix: str, keys: tuple[str, ...], *names: str) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {"limit": LIMIT, "group_policy": POLICY, **dict.fromkeys(names, TEXT)},
        "patternProperties": {f"^{key}({suffix})?$": TEXT for key in keys},
        "additionalProperties": False,
    }


TEXT = {"type": "string"}
LIMIT = {"type": "string", "pattern": "^[1-9][0-9]*$", "minLength": 1}
POLICY = {"type": "string", "enum": ["none", "isolate"]}
QUERIES = (
    ((1, 36), _granular(NAMED, KEYS, "root_required", "same_subtree")),
    ((1, 35), _granular(NAMED, KEYS, "root_required")),
    ((1, 33), _granular(NAMED, KEYS)),
    ((1, 31), _granular(NUMBERED, KEYS)),
    ((1, 25), _granular(NUMBERED, KEYS[:3])),
    ((1, 21), _old("resources", "limit", "required", "member_of")),
    ((1, 17), _old("resources", "limit", "required")),
    ((1, 16), _old("resources", "limit")),
    ((1, 10), _old("resources")),
)
"""The parameters that a version knows, newest first."""
