"""The ways to meet one request group, by the tree that they hang on (the anchor)."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, product
from typing import NamedTuple

from haneul.services.placement.aggregates.queries import members
from haneul.services.placement.allocation_candidates.scene import Scene
from haneul.services.placement.allocation_candidates.schemas import Group
from haneul.services.placement.inventories.queries import Seat
from haneul.services.placement.traits.queries import holders, providers_meeting

MOST_WAYS = 10_000
"""Ways within one tree that are looked at: they multiply with the providers of each resource class."""


class Way(NamedTuple):
    """How one group is met: (provider, resource class, amount) of each class, and the providers that meet it."""

    suffix: str
    takes: tuple[tuple[str, str, int], ...]
    providers: frozenset[str]


Ways = dict[str, list[Way]]


def ways(scene: Scene, group: Group) -> Ways:
    """Every way to meet the group, by anchor; empty if there is none."""
    root_id = scene.tree_of(group.in_tree) if group.in_tree else None
    if group.in_tree and root_id is None:
        return {}
    if group.suffix or not (scene.sharing or scene.has_trees):
        return _by_one_provider(scene, group, root_id)
    return _by_trees(scene, group, root_id)


def _by_one_provider(scene: Scene, group: Group, root_id: str | None) -> Ways:
    found: Ways = {}
    for seat in _seats_for_all(scene, group, root_id):
        takes = tuple((seat.provider_id, name, amount) for name, amount in group.resources.items())
        way = Way(group.suffix, takes, frozenset({seat.provider_id}))
        others = scene.anchors.get(seat.provider_id, set()) if seat.provider_id in scene.sharing else set()
        for anchor in (seat.root_id, *sorted(others - {seat.root_id})):
            if scene.may_anchor(anchor):
                found.setdefault(anchor, []).append(way)
    return found


def _seats_for_all(scene: Scene, group: Group, root_id: str | None) -> Iterator[Seat]:
    """The providers that meet the whole group by themselves."""
    inside = members(scene.db, group.aggregates)
    held = holders(scene.db, group.traits.names)
    lists = [scene.fitting(name, amount, root_id) for name, amount in group.resources.items()]
    if not lists:
        among = providers_meeting(group.traits, held) if group.traits.required else inside.inside
        lists = [[seat for seat in scene.seats(among) if root_id in (None, seat.root_id)]]
    everywhere = set.intersection(*({seat.provider_id for seat in one} for one in lists))
    for seat in lists[0]:
        provider_id = seat.provider_id
        if (
            provider_id in everywhere
            and inside.allow(provider_id)
            and group.traits.met_by(held.get(provider_id, set()))
        ):
            yield seat


def _by_trees(scene: Scene, group: Group, root_id: str | None) -> Ways:
    held = holders(scene.db, group.traits.names)
    by_class = [_candidates(scene, group, name, root_id, held) for name in group.resources]
    roots = [root for root in by_class[0] if all(root in one for one in by_class)] if by_class else []
    found = {root: _ways_of_tree(group, [one[root] for one in by_class], held) for root in roots}
    return {root: some for root, some in found.items() if some}


def _candidates(
    scene: Scene, group: Group, name: str, root_id: str | None, held: Mapping[str, set[str]]
) -> dict[str, list[str]]:
    """Providers that can give the group's amount of one class, by the tree that may use them."""
    inside = members(scene.db, group.aggregates)
    pairs: dict[tuple[str, str], None] = {}
    for seat in scene.fitting(name, group.resources[name], root_id):
        pairs[seat.provider_id, seat.root_id] = None
        shares = root_id is None and seat.provider_id in scene.sharing
        if shares and (inside.inside is None or seat.provider_id in inside.inside):
            pairs.update(
                ((seat.provider_id, anchor), None) for anchor in sorted(scene.anchors.get(seat.provider_id, ()))
            )
    found: dict[str, list[str]] = {}
    for provider_id, root in pairs:
        # An aggregate of the root spans its whole tree.
        near = inside.inside is None or provider_id in inside.inside or root in inside.inside
        far = provider_id in inside.outside or root in inside.outside
        spoilt = not group.traits.forbidden.isdisjoint(held.get(provider_id, ()))
        if near and not far and not spoilt and scene.may_anchor(root):
            found.setdefault(root, []).append(provider_id)
    return found


def _ways_of_tree(group: Group, by_class: Sequence[Sequence[str]], held: Mapping[str, set[str]]) -> list[Way]:
    """Each choice of one provider per class whose providers together have the required traits."""
    found = []
    for chosen in islice(product(*by_class), MOST_WAYS):
        traits = set().union(*(held.get(provider_id, ()) for provider_id in chosen))
        if all(not any_of.isdisjoint(traits) for any_of in group.traits.required):
            amounts = group.resources.items()
            takes = tuple(
                (provider_id, name, amount) for provider_id, (name, amount) in zip(chosen, amounts, strict=True)
            )
            found.append(Way(group.suffix, takes, frozenset(chosen)))
    return found
