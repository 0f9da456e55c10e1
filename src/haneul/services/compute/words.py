"""Words for the fields of compute's bodies, with Nova's limits."""

from typing import Annotated

from haneul.kernel.schema import Meta

MAX_INT = 0x7FFFFFFF

# Printable, without white space at either end.
Label = Annotated[str, Meta(min_length=1, max_length=255, pattern=r"^(?!\s)[^\x00-\x1f\x7f-\x9f]+(?<!\s)\Z")]
Printable = Annotated[str, Meta(max_length=65535, pattern=r"^[^\x00-\x1f\x7f-\x9f]*\Z")]
HostName = Annotated[str, Meta(min_length=1, max_length=255, pattern=r"^[a-zA-Z0-9-._]*\Z")]
AtLeastOne = Annotated[int, Meta(ge=1, le=MAX_INT)]
AtLeastZero = Annotated[int, Meta(ge=0, le=MAX_INT)]
