"""Access rules: what little of the APIs an application credential may call. Source: Identity API v3.13."""

import re
from collections.abc import Sequence
from functools import lru_cache

import msgspec

PIECES = re.compile(r"(?P<named>\{[^}]*\})|(?P<rest>\*\*)|(?P<part>\*)|(?P<plain>[^{*]+|\{)")
MATCHES = {"named": "[^/]+", "part": "[^/]+", "rest": ".*"}


class AccessRule(msgspec.Struct, frozen=True):
    """One call that is allowed: a service's type, a method, and a path in which `*` and `{name}` stand for one part and
    `**` for any number of them."""

    service: str
    method: str
    path: str


def allowed(rules: Sequence[AccessRule], service: str, method: str, path: str) -> bool:
    """Whether one of the rules names this call."""
    return any(
        rule.service == service and rule.method == method and _pattern(rule.path).fullmatch(path) for rule in rules
    )


@lru_cache(4096)
def _pattern(path: str) -> re.Pattern[str]:
    pieces = (MATCHES.get(found.lastgroup or "") or re.escape(found[0]) for found in PIECES.finditer(path))
    return re.compile("".join(pieces), re.DOTALL)
