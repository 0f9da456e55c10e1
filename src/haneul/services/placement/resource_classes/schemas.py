from typing import Annotated

from haneul.kernel.schema import Meta, StrictBody, View

CustomName = Annotated[str, Meta(pattern=r"^CUSTOM_[A-Z0-9_]+$", max_length=255)]
ResourceClassName = Annotated[str, Meta(pattern=r"^[A-Z0-9_]+$")]


class ResourceClassNamed(StrictBody):
    name: CustomName


class ResourceClassView(View):
    name: str
    links: list[dict[str, str]]
