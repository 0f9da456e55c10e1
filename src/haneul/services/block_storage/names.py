"""Names and descriptions as Cinder takes them."""

from typing import Annotated

from haneul.kernel.errors import BadRequest
from haneul.kernel.schema import Meta, Text255

Truth = bool | Annotated[str, Meta(max_length=8)]
"""A yes or no, or a word for it."""

# Printable.
Description = Annotated[str, Meta(max_length=255, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*\Z")] | None
SpecName = Annotated[str, Meta(pattern=r"^[a-zA-Z0-9-_:.]{1,255}\Z")]
SpecNameWithSpaces = Annotated[str, Meta(pattern=r"^[a-zA-Z0-9-_:. /]{1,255}\Z")]
Specs = Annotated[dict[SpecName, Text255 | None], Meta(max_length=256)]
OneSpec = Annotated[dict[SpecName, Text255 | None], Meta(min_length=1, max_length=1)]
SpecsWithSpaces = Annotated[dict[SpecNameWithSpaces, Text255 | None], Meta(max_length=256)]


def refuse_blank(name: str) -> None:
    """BadRequest for a name of nothing but spaces."""
    if not name.strip():
        raise BadRequest("An invalid 'name' value was provided. The 'name' can not be empty.")
