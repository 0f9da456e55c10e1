from typing import Annotated, Any

from haneul.kernel.schema import Meta, View

Given = Annotated[dict[Annotated[str, Meta(max_length=300)], Any], Meta(min_length=1, max_length=1000)]
Word = Annotated[str, Meta(max_length=255)]


class Detail(View):
    """A limit beside what is used of it; nothing is ever reserved, since usage is counted."""

    limit: int
    in_use: int
    reserved: int = 0
