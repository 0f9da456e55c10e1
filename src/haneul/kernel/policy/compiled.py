"""Expressions to nested closures, so that enforcing a rule parses nothing and looks up no rule."""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from haneul.kernel.auth.caller import Caller
from haneul.kernel.policy.credentials import CREDENTIALS
from haneul.kernel.policy.expressions import (
    ADMIN_RULE,
    AdminIs,
    Always,
    And,
    CredentialIs,
    Expression,
    FieldIs,
    LiteralIs,
    Never,
    Not,
    Or,
    RoleIs,
    RuleIs,
    Template,
)
from haneul.kernel.policy.language import PolicyError
from haneul.kernel.policy.target import MISSING, Lookup, Target, lookup

Check = Callable[[Caller, Target], bool]
Text = Callable[[Target], str | None]


class Linked(NamedTuple):
    """A set of rules that refer to each other: as expressions, and as checks."""

    expressions: Mapping[str, Expression]
    checks: Mapping[str, Check]


def link(expressions: Mapping[str, Expression]) -> Linked:
    """One check per rule; PolicyError when a reference leads nowhere or back to its own rule."""
    linker = _Linker(expressions)
    try:
        return Linked(expressions, {name: linker.check_of(name) for name in expressions})
    except RecursionError:
        raise PolicyError("The rules refer to each other through too many others.") from None


class _Linker:
    """Compiles each rule once, those that it refers to first."""

    def __init__(self, expressions: Mapping[str, Expression]) -> None:
        self.expressions = expressions
        self.done: dict[str, Check] = {}
        self.path: list[str] = []

    def check_of(self, name: str) -> Check:
        if name not in self.done:
            self.done[name] = self.compiled(name)
        return self.done[name]

    def compiled(self, name: str) -> Check:
        if name in self.path:
            circle = " -> ".join([*self.path[self.path.index(name) :], name])
            raise PolicyError(f"The rule '{name}' refers back to itself: {circle}.")
        if name not in self.expressions:
            raise PolicyError(f"The rule '{self.path[-1]}' refers to the rule '{name}', which is not defined.")
        self.path.append(name)
        check = compile_expression(self.expressions[name], self.check_of)
        self.path.pop()
        return check


def compile_expression(node: Expression, refer: Callable[[str], Check]) -> Check:
    """The expression as one function; `refer` gives the check of a rule that it names."""
    match node:
        case Always():
            return lambda caller, target: True
        case Never():
            return lambda caller, target: False
        case Not(part):
            return _negated(compile_expression(part, refer))
        case And(parts):
            return _all_of([compile_expression(part, refer) for part in parts])
        case Or(parts):
            return _any_of([compile_expression(part, refer) for part in parts])
        case RuleIs(name):
            return refer(name)
        case AdminIs(wanted):
            return refer(ADMIN_RULE) if wanted else _negated(refer(ADMIN_RULE))
        case RoleIs(role):
            return _has_role(role)
        case CredentialIs(key, value):
            return _credential_is(CREDENTIALS[key], value)
        case LiteralIs(text, value):
            return _literal_is(text, value)
        case FieldIs(name, value, pattern):
            return _field_is(name, value, pattern)


def _negated(check: Check) -> Check:
    return lambda caller, target: not check(caller, target)


def _all_of(checks: list[Check]) -> Check:
    if len(checks) == 1:
        return checks[0]
    # Halves, so that a rule of a thousand checks is ten calls deep.
    first, then = _all_of(checks[: len(checks) // 2]), _all_of(checks[len(checks) // 2 :])
    return lambda caller, target: first(caller, target) and then(caller, target)


def _any_of(checks: list[Check]) -> Check:
    if len(checks) == 1:
        return checks[0]
    first, then = _any_of(checks[: len(checks) // 2]), _any_of(checks[len(checks) // 2 :])
    return lambda caller, target: first(caller, target) or then(caller, target)


def _has_role(role: Template) -> Check:
    if role.literal is not None:
        name = role.literal
        return lambda caller, target: name in caller.roles
    text = text_of(role)

    def check(caller: Caller, target: Target) -> bool:
        wanted = text(target)
        return wanted is not None and wanted.lower() in caller.roles

    return check


def _credential_is(held_by: Callable[[Caller], object], value: Template) -> Check:
    if value.literal is not None:
        # Against a literal, a credential that the caller lacks reads "None": Keystone's `not domain_id:None`.
        literal = value.literal
        return lambda caller, target: str(held_by(caller)) == literal
    text = text_of(value)

    def check(caller: Caller, target: Target) -> bool:
        # A credential that the caller lacks equals no value of a target, not even one that the target lacks too:
        # otherwise a system token would own every row without a project.
        held = held_by(caller)
        return bool(held) and text(target) == str(held)

    return check


def _literal_is(literal: str, value: Template) -> Check:
    if value.literal is not None:
        same = value.literal == literal
        return lambda caller, target: same
    text = text_of(value, "None")
    return lambda caller, target: text(target) == literal


def _field_is(name: str, value: str, pattern: bool) -> Check:
    # Neutron's extended attributes have a colon on the wire and none on a row.
    find = lookup(name.replace(":", "_"))
    matches = re.compile(value).match if pattern else None

    def check(caller: Caller, target: Target) -> bool:
        found = find(target)
        if found is MISSING or found is None:
            return False
        return bool(matches(str(found))) if matches else str(found).lower() == value.lower()

    return check


def text_of(value: Template, absent: str | None = None) -> Text:
    """A function that fills the template in from a target: None if a name is missing, `absent` where one is None."""
    if value.name is not None:
        find = lookup(value.name)

        def plain(target: Target) -> str | None:
            found = find(target)
            if type(found) is str:
                return found
            return None if found is MISSING else absent if found is None else str(found)

        return plain
    return _filled([lookup(name) for name in value.names], value.parts[0::2], absent)


def _filled(finders: list[Lookup], between: tuple[str, ...], absent: str | None) -> Text:
    def text(target: Target) -> str | None:
        filled = between[0]
        for find, after in zip(finders, between[1:], strict=True):
            found = find(target)
            shown = absent if found is None else found
            if shown is MISSING or shown is None:
                return None
            filled += f"{shown}{after}"
        return filled

    return text
