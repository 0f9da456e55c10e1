"""What a rule says, as a tree of values. A leaf keeps the text that it was read from, for explanations."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

ADMIN_RULE = "context_is_admin"
"""The rule that decides what `is_admin` means in a service."""

_NAME = re.compile(r"%\(([^()]*)\)s")


@dataclass(frozen=True, slots=True)
class Template:
    """The right side of a check: literal text and `%(names)s` of the target by turns, literal text first."""

    parts: tuple[str, ...]

    @classmethod
    def read(cls, text: str) -> "Template":
        return cls(tuple(_NAME.split(text)))

    @property
    def literal(self) -> str | None:
        """The text, if no name of the target is in it."""
        return self.parts[0] if len(self.parts) == 1 else None

    @property
    def name(self) -> str | None:
        """The name, if the template is nothing but `%(name)s`."""
        return self.parts[1] if len(self.parts) == 3 and self.parts[0] == self.parts[2] == "" else None

    @property
    def names(self) -> tuple[str, ...]:
        return self.parts[1::2]


@dataclass(frozen=True, slots=True)
class Always:
    """`@` and the empty rule."""


@dataclass(frozen=True, slots=True)
class Never:
    """`!`"""


@dataclass(frozen=True, slots=True)
class RoleIs:
    """`role:admin`; roles compare without regard to case."""

    role: Template
    source: str = field(compare=False)


@dataclass(frozen=True, slots=True)
class RuleIs:
    """`rule:admin_required`"""

    name: str
    source: str = field(compare=False)


@dataclass(frozen=True, slots=True)
class AdminIs:
    """`is_admin:True`: whether the rule `context_is_admin` allows the caller."""

    wanted: bool
    source: str = field(compare=False)


@dataclass(frozen=True, slots=True)
class CredentialIs:
    """`project_id:%(project_id)s`: what the caller has against what the target has."""

    key: str
    value: Template
    source: str = field(compare=False)


@dataclass(frozen=True, slots=True)
class LiteralIs:
    """`'public':%(visibility)s` and `None:%(x)s`: a fixed text against what the target has."""

    text: str
    value: Template
    source: str = field(compare=False)


@dataclass(frozen=True, slots=True)
class FieldIs:
    """`field:networks:shared=True`: Neutron's check of one attribute; `pattern` when written with `=~`."""

    name: str
    value: str
    pattern: bool
    source: str = field(compare=False)


@dataclass(frozen=True, slots=True)
class Not:
    part: "Expression"


@dataclass(frozen=True, slots=True)
class And:
    parts: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Or:
    parts: tuple["Expression", ...]


Leaf = RoleIs | RuleIs | AdminIs | CredentialIs | LiteralIs | FieldIs
Expression = Always | Never | Not | And | Or | Leaf


def leaves(node: Expression) -> Iterator[Leaf]:
    """Every check in the expression, from left to right; rules that it refers to are not entered."""
    match node:
        case Always() | Never():
            return
        case Not(part):
            yield from leaves(part)
        case And(parts) | Or(parts):
            for part in parts:
                yield from leaves(part)
        case _:
            yield node


def references(node: Expression) -> set[str]:
    """The names of the rules that the expression builds on."""
    named = {leaf.name for leaf in leaves(node) if isinstance(leaf, RuleIs)}
    if any(isinstance(leaf, AdminIs) for leaf in leaves(node)):
        named.add(ADMIN_RULE)
    return named
