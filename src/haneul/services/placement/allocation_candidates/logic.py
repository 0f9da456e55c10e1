from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import islice

import msgspec

from haneul.kernel.db import Db
from haneul.kernel.errors import BadRequest
from haneul.services.placement.allocation_candidates.combining import Candidate, Stocks, check_for, combined
from haneul.services.placement.allocation_candidates.groups import Ways, ways
from haneul.services.placement.allocation_candidates.scene import Scene
from haneul.services.placement.allocation_candidates.schemas import CandidateRequest
from haneul.services.placement.batches import all_by_ids
from haneul.services.placement.inventories.queries import STOCKS_OF_CLASSES, STOCKS_OF_TREES, Stock
from haneul.services.placement.resource_classes import logic as resource_classes
from haneul.services.placement.resource_providers.models import Provider
from haneul.services.placement.resource_providers.queries import OF_TREES
from haneul.services.placement.traits import logic as traits
from haneul.services.placement.traits.queries import OF_TREES as TRAITS_OF_TREES

MOST_CANDIDATES = 10_000
"""What is answered when no limit is given, or a greater one: candidates multiply with groups and providers."""


class Summary(msgspec.Struct, frozen=True):
    """A provider of a tree that some candidate uses, with what it has in all."""

    provider: Provider
    stocks: list[Stock]
    traits: list[str]


class Candidates(msgspec.Struct, frozen=True):
    candidates: list[Candidate]
    summaries: Sequence[Summary] = ()


def find(db: Db, request: CandidateRequest) -> Candidates:
    """The ways to meet a request with what is free, at most as many as it asks for; nothing is taken."""
    _refuse_unknown(db, request)
    scene = Scene(db, request.root_traits)
    groups: list[Ways] = []
    for group in request.groups:
        groups.append(ways(scene, group))
        if not groups[-1]:
            return Candidates([])
    check = check_for(request, _shared_stocks(db, request), _parents(db, request, scene))
    every = (one for one in combined(groups, check) if request.knows_trees or _is_flat(one, scene.root_of))
    found = list(islice(every, min(request.limit or MOST_CANDIDATES, MOST_CANDIDATES)))
    return Candidates(found, _summaries(db, request, found, scene.root_of))


def _refuse_unknown(db: Db, request: CandidateRequest) -> None:
    if unknown := resource_classes.unknown(db, request.resource_classes):
        refusal = "Invalid resource class in resources parameter: No such resource class {name}."
        raise BadRequest(refusal, name=unknown[0])
    names = request.root_traits.names.union(*(group.traits.names for group in request.groups))
    if missing := traits.unknown(db, names):
        raise BadRequest("No such trait(s): {name}.", name=missing[0])


def _shared_stocks(db: Db, request: CandidateRequest) -> Stocks:
    """The inventories of classes that several groups want: they may fit each alone and not together."""
    counts = Counter(name for group in request.groups for name in group.resources)
    several = sorted(name for name, count in counts.items() if count > 1)
    stocks = db.all(STOCKS_OF_CLASSES, resource_classes=several) if several else []
    return {(stock.provider_id, stock.resource_class): stock for stock in stocks}


def _parents(db: Db, request: CandidateRequest, scene: Scene) -> dict[str, str | None]:
    if not request.same_subtrees:
        return {}
    return {one.id: one.parent_id for one in all_by_ids(db, OF_TREES, sorted(set(scene.root_of.values())))}


def _is_flat(candidate: Candidate, root_of: Mapping[str, str]) -> bool:
    """Whether it takes from each tree by one provider, as versions before 1.29 knew it."""
    used = candidate.providers
    return len({root_of[provider_id] for provider_id in used}) == len(used)


def _summaries(
    db: Db, request: CandidateRequest, found: Sequence[Candidate], root_of: Mapping[str, str]
) -> list[Summary]:
    used = set().union(*(candidate.providers for candidate in found))
    roots = sorted({root_of[provider_id] for provider_id in used})
    stocks: dict[str, list[Stock]] = {}
    for stock in all_by_ids(db, STOCKS_OF_TREES, roots):
        stocks.setdefault(stock.provider_id, []).append(stock)
    names: dict[str, list[str]] = {}
    for row in all_by_ids(db, TRAITS_OF_TREES, roots):
        names.setdefault(row.provider_id, []).append(row.trait)
    return [
        Summary(provider, stocks.get(provider.id, []), traits.in_order(names.get(provider.id, [])))
        for provider in all_by_ids(db, OF_TREES, roots)
        if request.knows_trees or provider.id in used
    ]
