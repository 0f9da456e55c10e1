"""From the ways to meet each group to candidates that meet all of them."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from haneul.services.placement.allocation_candidates.groups import Way, Ways
from haneul.services.placement.allocation_candidates.schemas import CandidateRequest
from haneul.services.placement.inventories.queries import Stock

Stocks = Mapping[tuple[str, str], Stock]
Check = Callable[[Sequence[Way]], bool]
MOST_STEPS = 50_000
"""Combinations that one request may try, whole or begun: some requests are puzzles that no computer solves."""


class Candidate(msgspec.Struct, frozen=True):
    """What to take of which provider, and which providers meet which group."""

    amounts: Mapping[tuple[str, str], int]
    mappings: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, chosen: Sequence[Way]) -> "Candidate":
        return cls(_sums(chosen), {way.suffix: way.providers for way in chosen})

    @property
    def key(self) -> tuple[frozenset[object], frozenset[object]]:
        return frozenset(self.amounts.items()), frozenset(self.mappings.items())

    @property
    def providers(self) -> set[str]:
        return {provider_id for provider_id, _ in self.amounts}


def combined(groups: Sequence[Ways], allowed: Check) -> Iterator[Candidate]:
    """Candidates of each anchor in turn, so that the first few are not all of one tree. None comes twice."""
    anchors = [anchor for anchor in groups[0] if all(anchor in ways for ways in groups)] if groups else []
    steps = iter(range(MOST_STEPS))
    lines = [_choices([ways[anchor] for ways in groups], (), allowed, steps) for anchor in anchors]
    seen = set()
    while lines:
        going = []
        for line in lines:
            chosen = next(line, None)
            if chosen is None:
                continue
            going.append(line)
            candidate = Candidate.of(chosen)
            if candidate.key not in seen:
                seen.add(candidate.key)
                yield candidate
        lines = going


def _choices(
    groups: Sequence[Sequence[Way]], chosen: tuple[Way, ...], allowed: Check, steps: Iterator[int]
) -> Iterator[tuple[Way, ...]]:
    """One way for each group, given up as soon as the first few are not allowed together, or when the steps end."""
    if len(chosen) == len(groups):
        yield chosen
        return
    for way, _ in zip(groups[len(chosen)], steps, strict=False):
        more = (*chosen, way)
        if allowed(more):
            yield from _choices(groups, more, allowed, steps)


def check_for(request: CandidateRequest, stocks: Stocks, parents: Mapping[str, str | None]) -> Check:
    """Whether ways go together: isolation, subtrees, and (for classes of several groups) capacity."""
    checks: list[Check] = []
    if request.is_isolated:
        checks.append(_are_isolated)
    if stocks:
        checks.append(lambda chosen: _fit_together(chosen, stocks))
    if request.same_subtrees:
        count = len(request.groups)
        checks.append(lambda chosen: len(chosen) < count or _are_in_subtrees(chosen, request.same_subtrees, parents))
    return lambda chosen: all(check(chosen) for check in checks)


def _are_isolated(chosen: Sequence[Way]) -> bool:
    granular = [way for way in chosen if way.suffix]
    return len(frozenset().union(*(way.providers for way in granular))) == len(granular)


def _sums(chosen: Sequence[Way]) -> Counter[tuple[str, str]]:
    sums: Counter[tuple[str, str]] = Counter()
    for way in chosen:
        for provider_id, name, amount in way.takes:
            sums[provider_id, name] += amount
    return sums


def _fit_together(chosen: Sequence[Way], stocks: Stocks) -> bool:
    for key, amount in _sums(chosen).items():
        stock = stocks.get(key)
        if stock is not None and (stock.used + amount > stock.capacity or amount > stock.max_unit):
            return False
    return True


def _are_in_subtrees(
    chosen: Sequence[Way], subtrees: Sequence[frozenset[str]], parents: Mapping[str, str | None]
) -> bool:
    for suffixes in subtrees:
        below = frozenset().union(*(way.providers for way in chosen if way.suffix in suffixes))
        if not below & frozenset.intersection(*(_above(provider_id, parents) for provider_id in below)):
            return False
    return True


def _above(provider_id: str, parents: Mapping[str, str | None]) -> frozenset[str]:
    """The provider and those that it stands below."""
    found: set[str] = set()
    ahead: str | None = provider_id
    while ahead is not None:
        found.add(ahead)
        ahead = parents.get(ahead)
    return frozenset(found)
