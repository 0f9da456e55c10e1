"""Who may create, read, update and delete which custom properties (glance: `property-protections-roles.conf`)."""

import configparser
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from haneul.kernel.config import ConfigError
from haneul.kernel.errors import Forbidden

Right = Literal["create", "read", "update", "delete"]
RIGHTS: Sequence[Right] = ("create", "read", "update", "delete")
EVERYONE, NOBODY = "@", "!"
OURS = "os_glance"


class Protected(msgspec.Struct, frozen=True):
    """A section of the file: the roles that have each right to the properties whose name the pattern finds."""

    pattern: re.Pattern[str]
    roles: Mapping[Right, frozenset[str]]


class Protections:
    """The file's sections in their order: the first whose pattern finds a name decides. No section allows all."""

    def __init__(self, sections: Sequence[Protected] = ()) -> None:
        self._sections = sections

    def allow(self, roles: Collection[str], name: str, right: Right) -> bool:
        """Whether somebody with these roles has a right to the property of this name."""
        if not self._sections or name.startswith(OURS):
            return True
        for section in self._sections:
            if section.pattern.search(name):
                named = section.roles[right]
                return NOBODY not in named and (EVERYONE in named or not named.isdisjoint(roles))
        return False

    def refuse(self, roles: Collection[str], name: str, right: Right) -> None:
        """Forbidden unless somebody with these roles has the right."""
        if not self.allow(roles, name, right):
            raise Forbidden("Attribute '{name}' is reserved.", name=name)

    def readable(self, roles: Collection[str], properties: Mapping[str, Any]) -> dict[str, Any]:
        """The properties that somebody with these roles may read."""
        if not self._sections:
            return dict(properties)
        return {name: value for name, value in properties.items() if self.allow(roles, name, "read")}


NONE = Protections()


def protections_in(path: str) -> Protections:
    """The protections that a file says, or none without a file; ConfigError for a file that can't be used."""
    if not path:
        return NONE
    parser = configparser.RawConfigParser(delimiters=("=",), interpolation=None)
    try:
        parser.read_string(Path(path).read_text(encoding="utf-8"), path)
        return Protections([_section(parser[name]) for name in parser.sections() if not name.startswith(OURS)])
    except (OSError, UnicodeDecodeError, configparser.Error, re.error, KeyError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise ConfigError(f"[image] property_protections: {path} can't be used: {reason}") from error


def _section(given: configparser.SectionProxy) -> Protected:
    roles = {right: frozenset(role.strip().lower() for role in given[right].split(",")) - {""} for right in RIGHTS}
    for named in roles.values():
        if {EVERYONE, NOBODY} <= named:
            raise ValueError(f"[{given.name}] says both @ and !, which exclude each other")
    return Protected(re.compile(given.name), roles)
