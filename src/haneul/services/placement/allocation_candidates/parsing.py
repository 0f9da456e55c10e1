"""From the query string of GET /allocation_candidates to a request."""

import re
from collections.abc import Collection, Mapping

from haneul.kernel.errors import BadRequest
from haneul.kernel.http import Version
from haneul.services.placement.allocation_candidates.schemas import (
    KEYS,
    NAMED,
    NUMBERED,
    QUERIES,
    CandidateRequest,
    Group,
)
from haneul.services.placement.query_words import (
    Parameters,
    Wanted,
    aggregates_of,
    plain_traits_of,
    resources_of,
    traits_of,
    tree_of,
)
from haneul.services.placement.schema_words import refuse_query

NUMBERED_KEY, NAMED_KEY = (re.compile(f"({'|'.join(KEYS)})({suffix})?") for suffix in (NUMBERED, NAMED))
BAD_VALUE = "placement.query.bad_value"
MOST = 0x7FFFFFFF


def parsed(parameters: Parameters, at: Version) -> CandidateRequest:
    """The request that a query string makes at this version; BadRequest with what is wrong with it."""
    refuse_query(parameters, next(schema for since, schema in QUERIES if at >= since))
    root_traits = _root_traits(parameters)
    same_subtrees = _same_subtrees(parameters)
    groups = {suffix: _group(parameters, suffix, at) for suffix in _suffixes(parameters, at)}
    if at >= (1, 36):
        _refuse_resourceless(groups, set().union(*same_subtrees))
    else:
        _refuse_orphans(groups)
    if at >= (1, 22):
        _refuse_contradictions(groups)
    policy = parameters.get("group_policy", [""])[0]
    if not policy and sum(bool(suffix) for suffix in groups) > 1:
        raise BadRequest(
            'The "group_policy" parameter is required when specifying more than one "resources{N}" parameter.'
        )
    limit = parameters.get("limit")
    return CandidateRequest(
        groups=tuple(groups.values()),
        limit=min(int(limit[0][:10]), MOST) if limit else None,
        is_isolated=policy == "isolate",
        root_traits=root_traits,
        same_subtrees=same_subtrees,
        knows_trees=at >= (1, 29),
    )


def _suffixes(parameters: Parameters, at: Version) -> list[str]:
    pattern = NAMED_KEY if at >= (1, 33) else NUMBERED_KEY
    matches = [pattern.fullmatch(name) for name in parameters]
    return list(dict.fromkeys(match[2] or "" for match in matches if match))


def _group(parameters: Parameters, suffix: str, at: Version) -> Group:
    resources, tree = parameters.get(f"resources{suffix}"), parameters.get(f"in_tree{suffix}")
    required = parameters.get(f"required{suffix}")
    return Group(
        suffix=suffix,
        resources=resources_of(resources[-1]) if resources else {},
        traits=traits_of(required, at) if required else Wanted(),
        aggregates=aggregates_of(parameters, suffix, at),
        in_tree=tree_of(tree[-1]) if tree else "",
    )


def _root_traits(parameters: Parameters) -> Wanted:
    values = parameters.get("root_required", [])
    if len(values) > 1:
        raise BadRequest(
            "Query parameter 'root_required' may be specified only once.", kind="placement.query.duplicate_key"
        )
    if not values:
        return Wanted()
    wanted = plain_traits_of(values[0], may_forbid=True)
    if both := wanted.forbidden & frozenset().union(*wanted.required):
        raise BadRequest(
            "Conflicting required and forbidden traits found in root_required: {names}",
            names=", ".join(sorted(both)),
            kind=BAD_VALUE,
        )
    return wanted


def _same_subtrees(parameters: Parameters) -> tuple[frozenset[str], ...]:
    found = tuple(frozenset(part.strip() for part in value.split(",")) for value in parameters.get("same_subtree", []))
    if any("" in suffixes for suffixes in found):
        raise BadRequest("Empty string (unsuffixed group) can not be specified in `same_subtree` ", kind=BAD_VALUE)
    return found


def _refuse_resourceless(groups: Mapping[str, Group], in_subtrees: Collection[str]) -> None:
    empty = [suffix for suffix, group in groups.items() if not group.resources]
    if len(empty) == len(groups):
        raise BadRequest(
            "There must be at least one resources or resources[$S] parameter.", kind="placement.query.missing_value"
        )
    if alone := [suffix for suffix in empty if suffix not in in_subtrees]:
        raise BadRequest(
            "Resourceless suffixed group request should be specified in `same_subtree` query param: bad group(s) - "
            "{suffixes}.",
            suffixes=alone,
            kind=BAD_VALUE,
        )
    if unreal := sorted(suffix for suffix in in_subtrees if suffix not in groups):
        raise BadRequest(
            "Real suffixes should be specified in `same_subtree`: {unreal} not found in {suffixes}.",
            unreal=unreal,
            suffixes=list(groups),
            kind=BAD_VALUE,
        )


def _refuse_orphans(groups: Mapping[str, Group]) -> None:
    empty = [group for group in groups.values() if not group.resources]
    if orphans := [f"required{group.suffix}" for group in empty if group.traits.required]:
        raise BadRequest(
            "All traits parameters must be associated with resources.  Found the following orphaned traits keys: "
            "{names}",
            names=", ".join(orphans),
        )
    if orphans := [f"member_of{group.suffix}" for group in empty if group.aggregates]:
        raise BadRequest(
            "All member_of parameters must be associated with resources. Found the following orphaned member_of "
            "keys: {names}",
            names=", ".join(orphans),
        )
    if empty:
        raise BadRequest("All request groups must specify resources.")
    if not groups:
        raise BadRequest("{text}", text="At least one request group (`resources` or `resources{$S}`) is required.")


def _refuse_contradictions(groups: Mapping[str, Group]) -> None:
    found = sorted(
        f"required{group.suffix}: ({', '.join(sorted(any_of))})"
        for group in groups.values()
        for any_of in group.traits.required
        if any_of <= group.traits.forbidden
    )
    if found:
        raise BadRequest(
            "Conflicting required and forbidden traits found in the following traits keys: {found}",
            found=", ".join(found),
        )
