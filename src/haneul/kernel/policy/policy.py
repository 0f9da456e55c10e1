"""One service's rules as they stand now: the defaults in code under the operator's file."""

import logging
import threading
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from haneul.kernel.auth.caller import Caller
from haneul.kernel.errors import Forbidden
from haneul.kernel.policy.compiled import Check, Linked, link
from haneul.kernel.policy.credentials import scope_of
from haneul.kernel.policy.explain import Explanation, explain, explain_scope
from haneul.kernel.policy.expressions import ADMIN_RULE, Expression, references
from haneul.kernel.policy.language import PolicyError, parse
from haneul.kernel.policy.overrides import Overrides
from haneul.kernel.policy.rules import SCOPES, Rule, known_names, remember_base
from haneul.kernel.policy.target import Target

log = logging.getLogger("haneul.policy")

_told_of: set[str] = set()


class _Table(NamedTuple):
    linked: Linked
    gates: dict[str, Check]
    stray: set[str]


class Policy:
    """Decides what a caller may do in one service.

    `base_rules` are the rules that others build on; `scope_types` count for the rules that name none. With `overrides`,
    the files are read at once, and a broken file stops the start with PolicyError: the operator's restrictions must not
    be dropped in silence. Later a changed file is taken up within a second, and a broken one leaves the former rules in
    force and logs one line.
    """

    def __init__(
        self,
        rules: Iterable[Rule],
        base_rules: Mapping[str, str],
        *,
        overrides: Overrides | None = None,
        forbidden: str = "Policy doesn't allow {rule} to be performed.",
        scope_types: tuple[str, ...] = (),
    ) -> None:
        declared = _by_name(rules)
        scopes = {name: rule.scope_types or scope_types for name, rule in declared.items()}
        self._scopes = {name: allowed for name, allowed in scopes.items() if allowed}
        defaults = {name: rule.default for name, rule in declared.items()}
        self._defaults = _parsed({ADMIN_RULE: "!", **base_rules, **defaults})
        self._forbidden = forbidden
        self._overrides = overrides
        self._reading = threading.Lock()
        remember_base(base_rules)
        # The stamp is taken before the file is read: a file that changes in between is read twice, never missed.
        self._stamp = overrides.stamp() if overrides else ()
        self._table = self._tabulate(overrides.read() if overrides else {})

    def allows(self, rule: str, caller: Caller, row: object = None, /, **named: object) -> bool:
        """Whether the rule lets this caller do this to the row, or to what `named` says."""
        if self._overrides is not None and self._overrides.due():
            self._look(self._overrides)
        return self._table.gates[rule](caller, Target(row, named))

    def enforce(self, rule: str, caller: Caller, row: object = None, /, **named: object) -> None:
        """Forbidden, in the service's own words, unless the rule allows it."""
        if not self.allows(rule, caller, row, **named):
            raise Forbidden(self._forbidden, rule=rule)

    def explain(self, rule: str, caller: Caller, row: object = None, /, **named: object) -> Explanation:
        """The same decision with its reasons, for `haneul why`."""
        scopes = self._scopes.get(rule, SCOPES)
        if scope_of(caller) not in scopes:
            return explain_scope(rule, caller, scopes)
        return explain(rule, self._table.linked, caller, Target(row, named))

    def _look(self, overrides: Overrides) -> None:
        if not self._reading.acquire(blocking=False):
            return
        try:
            stamp = overrides.stamp()
            if stamp != self._stamp:
                self._stamp = stamp
                self._table = self._tabulate(overrides.read())
                log.info("The policy files have changed and were read again.")
            _tell_of(self._table.stray)
        except PolicyError as error:
            log.error("%s The former rules stay in force.", error)
        finally:
            self._reading.release()

    def _tabulate(self, given: Mapping[str, Expression]) -> _Table:
        rules = {**self._defaults, **given}
        used = _reachable(self._defaults, rules)
        linked = link({name: rules[name] for name in rules if name in used})
        gates = {name: _gate(check, self._scopes.get(name)) for name, check in linked.checks.items()}
        referred = {name for expression in given.values() for name in references(expression)}
        return _Table(linked, gates, given.keys() - used - referred)


def _by_name(rules: Iterable[Rule]) -> dict[str, Rule]:
    found: dict[str, Rule] = {}
    for rule in rules:
        if found.setdefault(rule.name, rule) != rule:
            raise PolicyError(f"The rule '{rule.name}' is declared twice, with different meanings.")
    return found


def _parsed(texts: Mapping[str, str]) -> dict[str, Expression]:
    parsed = {}
    for name, text in texts.items():
        try:
            parsed[name] = parse(text)
        except PolicyError as error:
            raise PolicyError(f"The rule '{name}' cannot be used: {error}") from error
    return parsed


def _reachable(roots: Iterable[str], rules: Mapping[str, Expression]) -> set[str]:
    """The rules that this service has or that those build on: a file for all services holds others too."""
    found = set(roots)
    ahead = list(found)
    while ahead:
        more = references(rules[ahead.pop()]) & rules.keys() - found
        found |= more
        ahead += more
    return found


def _gate(check: Check, scopes: tuple[str, ...] | None) -> Check:
    if not scopes or set(scopes) == set(SCOPES):
        return check
    return lambda caller, target: scope_of(caller) in scopes and check(caller, target)


def _tell_of(stray: set[str]) -> None:
    # Only once the program runs are the rules of every service known, so this waits for the first look.
    unheard = stray - _told_of
    for name in sorted(unheard - known_names()) if unheard else ():
        _told_of.add(name)
        log.warning("The policy files name the rule '%s', which no service has; it has no effect.", name)
