"""Words for the fields of bodies and views."""

from typing import Annotated, dataclass_transform

import msgspec
from msgspec import UNSET, Meta, UnsetType

Name = Annotated[str, Meta(min_length=1, max_length=255)]
Text255 = Annotated[str, Meta(max_length=255)]
Uuid = Annotated[str, Meta(pattern=r"^[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}\Z")]
Positive = Annotated[int, Meta(ge=1, le=0x7FFFFFFF)]
Count = Annotated[int, Meta(ge=0, le=0x7FFFFFFF)]


class Since(msgspec.Struct, frozen=True):
    """`Annotated[str, Since("2.26")]`: the field is there from this version on, and up to `until` if that is given."""

    first: str
    until: str = ""


@dataclass_transform(frozen_default=True, field_specifiers=(msgspec.field,))
class StrictBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=False):
    """A request body whose unknown fields are refused, as Nova and Placement do."""


@dataclass_transform(frozen_default=True, field_specifiers=(msgspec.field,))
class OpenBody(msgspec.Struct, frozen=True, kw_only=True):
    """A request body whose unknown fields are passed over, as Keystone does."""


@dataclass_transform(frozen_default=True, field_specifiers=(msgspec.field,))
class View(msgspec.Struct, frozen=True, kw_only=True):
    """An answer's body; unset fields do not appear."""


__all__ = [
    "UNSET",
    "Count",
    "Meta",
    "Name",
    "OpenBody",
    "Positive",
    "Since",
    "StrictBody",
    "Text255",
    "UnsetType",
    "Uuid",
    "View",
]
