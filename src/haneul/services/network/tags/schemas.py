from typing import Annotated

from msgspec import Meta

from haneul.kernel.schema import OpenBody, Text255, View

Tags = Annotated[list[Text255], Meta(max_length=1000)]


class TagsBody(OpenBody):
    tags: Tags


class TagsView(View):
    tags: list[str]
