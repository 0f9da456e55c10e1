"""Words for the fields of identity's bodies, and the links of its views."""

from typing import Annotated

from haneul.kernel.schema import Meta, View

Id = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[a-zA-Z0-9-]+\Z")]
Name64 = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"\S")]
Name255 = Annotated[str, Meta(min_length=1, max_length=255, pattern=r"\S")]
Description = Annotated[str, Meta(max_length=65_535)]
Password = Annotated[str, Meta(max_length=4096)]


class Links(View):
    self: str


def link(url: str, own_id: str) -> Links:
    """The link of one item; `url` is where its collection stands."""
    return Links(self=f"{url}/{own_id}")
