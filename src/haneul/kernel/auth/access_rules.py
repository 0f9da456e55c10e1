"""Access rules: what little of the APIs an application credential may call. Source: Identity API v3.13."""

import re
from collections.abc import Sequence
from functools import lru_cache

import msgspec

PIECES = re.compile(r"(?P<named>\{[^}]*\})|(?P<rest>\*\*)|(?P<part>\*)|(?P<plain>[^{*]+|\{)")
# Users choose their rules: what is kept of them must stay small.
KEPT_MOST = 128


class AccessRule(msgspec.Struct, frozen=True):
    """One call that is allowed: a service's type, a method, and a path in which `*` and `{name}` stand for one part and
    `**` for any number of them."""

    service: str
    method: str
    path: str


def allowed(rules: Sequence[AccessRule], service: str, method: str, path: str) -> bool:
    """Whether one of the rules names this call."""
    patterns = tuple(rule.path for rule in rules if rule.service == service and rule.method == method)
    return bool(patterns) and _automaton(patterns).takes(path)


class _Automaton:
    """All of some rules' paths at once, each place in them one bit.

    Regular expressions would try one way after another, and a rule of many stars has more ways than there is time.
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        self._starts = self._ends = 0
        # Where a character leads on: any but a slash, and by character; and where it changes nothing: the same.
        self._parts = self._stays = self._stays_at_slash = 0
        self._plain: dict[str, int] = {}
        bit = 1
        for pattern in patterns:
            self._starts |= bit
            for found in PIECES.finditer(pattern):
                bit = self._add(found.lastgroup or "", found[0], bit)
            self._ends |= bit
            bit <<= 1

    def _add(self, kind: str, text: str, bit: int) -> int:
        """Lay out one piece from this place on; the place after it."""
        if kind == "rest":
            self._stays |= bit
            self._stays_at_slash |= bit
        elif kind == "plain":
            for character in text:
                self._plain[character] = self._plain.get(character, 0) | bit
                bit <<= 1
        else:
            self._parts |= bit
            bit <<= 1
            self._stays |= bit
        return bit

    def takes(self, path: str) -> bool:
        """Whether one of the paths is this one; in a time that grows with its length alone."""
        places = self._starts
        for character in path:
            is_slash = character == "/"
            leads_on = self._plain.get(character, 0) | (0 if is_slash else self._parts)
            stays = self._stays_at_slash if is_slash else self._stays
            places = (places & leads_on) << 1 | places & stays
            if not places:
                return False
        return bool(places & self._ends)


@lru_cache(KEPT_MOST)
def _automaton(patterns: tuple[str, ...]) -> _Automaton:
    return _Automaton(patterns)
