"""Why a rule refused: the checks that failed, and the roles that would have been enough."""

from collections.abc import Iterator

import msgspec

from haneul.kernel.auth.caller import Caller
from haneul.kernel.policy.compiled import Linked, compile_expression
from haneul.kernel.policy.credentials import scope_of
from haneul.kernel.policy.expressions import (
    ADMIN_RULE,
    AdminIs,
    Always,
    And,
    CredentialIs,
    Expression,
    FieldIs,
    Leaf,
    LiteralIs,
    Never,
    Not,
    Or,
    RoleIs,
    RuleIs,
    Template,
    leaves,
    references,
)
from haneul.kernel.policy.target import MISSING, Target, lookup


class Explanation(msgspec.Struct, frozen=True):
    """One decision about one rule.

    `reasons` are sentences, one per check that stood in the way; they name attributes and never the target's values.
    Each role in `sufficient_roles` would alone have turned the refusal round.
    """

    rule: str
    allowed: bool
    reasons: tuple[str, ...] = ()
    sufficient_roles: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        if self.allowed:
            return f"The rule {self.rule} allows this."
        words = [f"The rule {self.rule} does not allow this.", *self.reasons]
        if self.sufficient_roles:
            words.append(f"The role {' or '.join(self.sufficient_roles)} would be enough.")
        return " ".join(words)


def explain(rule: str, linked: Linked, caller: Caller, target: Target) -> Explanation:
    """What the rule decides for this caller and target, scopes apart, and why."""
    if linked.checks[rule](caller, target):
        return Explanation(rule, True)
    reasons = _Inquiry(linked, caller, target).against(linked.expressions[rule], wanted=True)
    return Explanation(rule, False, tuple(dict.fromkeys(reasons)), _sufficient_roles(rule, linked, caller, target))


def explain_scope(rule: str, caller: Caller, scopes: tuple[str, ...]) -> Explanation:
    """The refusal of a token for its scope alone."""
    reason = f"The token's scope is {scope_of(caller)}, and the rule takes only {' or '.join(scopes)}."
    return Explanation(rule, False, (reason,))


class _Inquiry:
    """Walks one refused rule for one caller and target, into the rules that it refers to."""

    def __init__(self, linked: Linked, caller: Caller, target: Target) -> None:
        self.linked = linked
        self.caller = caller
        self.target = target

    def holds(self, node: Expression) -> bool:
        return compile_expression(node, self.linked.checks.__getitem__)(self.caller, self.target)

    def against(self, node: Expression, wanted: bool) -> Iterator[str]:
        """A sentence for each check that keeps the expression from being what is wanted."""
        if self.holds(node) is wanted:
            return
        match node:
            case Always():
                yield "The rule excludes everyone."
            case Never():
                yield "The rule allows nobody."
            case Not(part):
                yield from self.against(part, not wanted)
            case And(parts) | Or(parts):
                for part in parts:
                    yield from self.against(part, wanted)
            case RuleIs(name):
                yield from self.against(self.linked.expressions[name], wanted)
            case AdminIs(admin):
                yield from self.against(self.linked.expressions[ADMIN_RULE], wanted is admin)
            case _:
                yield self.lacking(node) if wanted else f"The rule excludes whoever meets {node.source}."

    def lacking(self, leaf: Leaf) -> str:
        """The sentence for a single check that does not hold."""
        match leaf:
            case RoleIs(role) if role.literal is not None:
                return f"The caller does not have the role {role.literal}."
            case CredentialIs(key, value) if value.literal is not None:
                return f"The caller's {key} is not {value.literal}."
            case CredentialIs(_, value) | LiteralIs(_, value) if absent := self.absent(value):
                return f"The target has no {absent}, which the check {leaf.source} needs."
            case CredentialIs(key, value) if value.name is not None:
                return f"The caller's {key} is not the target's {_shown(value.name)}."
            case LiteralIs(text, value) if value.name is not None:
                return f"The target's {_shown(value.name)} is not {text}."
            case FieldIs(name, value, False):
                return f"The target's {name} is not {value}."
            case _:
                return f"The check {leaf.source} does not hold."

    def absent(self, value: Template) -> str:
        found = (name for name in value.names if lookup(name)(self.target) is MISSING)
        return ", ".join(_shown(name) for name in found)


def _shown(name: str) -> str:
    return name.removeprefix("target.")


def _sufficient_roles(rule: str, linked: Linked, caller: Caller, target: Target) -> tuple[str, ...]:
    check = linked.checks[rule]
    return tuple(
        role
        for role in _roles_in(rule, linked)
        if check(msgspec.structs.replace(caller, roles=caller.roles | {role}), target)
    )


def _roles_in(rule: str, linked: Linked) -> list[str]:
    """The roles that the rule, or a rule that it builds on, names outright."""
    seen, ahead = {rule}, [rule]
    found: set[str] = set()
    while ahead:
        node = linked.expressions[ahead.pop()]
        found |= {leaf.role.literal for leaf in leaves(node) if isinstance(leaf, RoleIs) and leaf.role.literal}
        ahead += references(node) - seen
        seen |= references(node)
    return sorted(found)
