"""Settings: defaults in typed structs, over them `haneul.toml`, over that `HANEUL_SECTION_OPTION` variables."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

S = TypeVar("S", bound=msgspec.Struct)


class ConfigError(Exception):
    """A setting that can't be used; the message names it and says what would fit."""


class Settings:
    """One section per service, and `cloud` for the program itself."""

    def __init__(self, sections: Mapping[str, Mapping[str, Any]], environment: Mapping[str, str]) -> None:
        self.sections, self._environment = sections, environment

    @classmethod
    def load(cls, path: Path | None, environment: Mapping[str, str]) -> "Settings":
        """Read the file, if one is named; ConfigError when it isn't there or isn't TOML."""
        if path is None:
            return cls({}, environment)
        try:
            return cls(tomllib.loads(path.read_text()), environment)
        except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigError(f"The configuration {path} can't be read: {error}") from error

    def section(self, name: str, shape: type[S]) -> S:
        """A section's settings; ConfigError for an option that doesn't exist or a value of the wrong kind."""
        values: dict[str, Any] = dict(self.sections.get(name, {}))
        known = {field.name for field in msgspec.structs.fields(shape)}
        if unknown := sorted(values.keys() - known):
            raise ConfigError(f"[{name}] has no option {unknown[0]}; it has {', '.join(sorted(known))}.")
        for option in known:
            given = self._environment.get(f"HANEUL_{name}_{option}".upper())
            if given is not None:
                values[option] = given.split(",") if isinstance(values.get(option), list) else given
        try:
            return msgspec.convert(values, shape, strict=False)
        except msgspec.ValidationError as error:
            raise ConfigError(f"[{name}] {error}") from error
