"""The rules that services declare beside the routes and fields that they protect."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass, field

SCOPES = ("system", "domain", "project")

_registered: dict[tuple[str, str], "Rule"] = {}
_base_names: set[str] = set()


def _defining_module() -> str:
    # Rules of fields stand on no route: the package that defines a rule is what tells whose it is.
    frame = sys._getframe(3)
    return str(frame.f_globals.get("__name__", ""))


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule under upstream's name, with the expression that decides until `policy.yaml` says otherwise.

    `scope_types` lists the scopes a token may have (`system`, `domain`, `project`), whatever the expression says; empty
    means any. An override replaces the expression and keeps the scopes.
    """

    name: str
    default: str
    description: str = ""
    scope_types: tuple[str, ...] = field(default=(), kw_only=True)
    module: str = field(init=False, repr=False, compare=False, default="")

    def __post_init__(self) -> None:
        wrong = [scope for scope in self.scope_types if scope not in SCOPES]
        if wrong:
            raise ValueError(f"The rule '{self.name}' names the scope {wrong[0]!r}; scopes are {', '.join(SCOPES)}.")
        object.__setattr__(self, "module", _defining_module())
        known = _registered.setdefault((self.module, self.name), self)
        if known != self:
            raise ValueError(f"{self.module} defines the rule '{self.name}' twice, with different meanings.")


def all_rules() -> list[Rule]:
    """Every rule that an imported module has declared, by name."""
    return sorted(_registered.values(), key=lambda rule: (rule.name, rule.module))


def rules_of(package: str) -> list[Rule]:
    """The rules declared inside one package, such as `haneul.services.image`, by name."""
    inside = f"{package}."
    return [rule for rule in all_rules() if rule.module == package or rule.module.startswith(inside)]


def known_names() -> set[str]:
    """The names of all declared rules, and of the base rules of every service that has a policy."""
    return {rule.name for rule in _registered.values()} | _base_names


def remember_base(base: Iterable[str]) -> None:
    """Count these names as known, so that a file for all services may override them."""
    _base_names.update(base)
