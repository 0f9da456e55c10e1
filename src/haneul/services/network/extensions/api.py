"""What clients ask for before they use a part of the API."""

from haneul.kernel.errors import NotFound
from haneul.kernel.http import Call, Listed, Routes
from haneul.kernel.schema import View
from haneul.services.network.extensions.known import EXTENSIONS, Extension
from haneul.services.network.owners import ANYONE

routes = Routes()


class ExtensionView(View):
    alias: str
    name: str
    description: str
    updated: str
    links: list[str] = []


@routes.get("/v2.0/extensions", rule=ANYONE, wraps="extensions", quick=True)
def list_extensions(call: Call) -> Listed[ExtensionView]:
    call.enforce()
    return Listed(items=[_view(one) for one in EXTENSIONS])


@routes.get("/v2.0/extensions/{alias}", rule=ANYONE, wraps="extension", quick=True)
def get_extension(call: Call, alias: str) -> ExtensionView:
    call.enforce()
    for one in EXTENSIONS:
        if one.alias == alias:
            return _view(one)
    raise NotFound("Extension with alias {alias} does not exist", kind="HTTPNotFound", alias=alias)


def _view(one: Extension) -> ExtensionView:
    return ExtensionView(
        alias=one.alias, name=one.name, description=one.description, updated=f"{one.updated}T10:00:00-00:00"
    )
