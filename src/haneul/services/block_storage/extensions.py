"""The extensions that Cinder's API was put together from, those that are answered here: clients look before asking."""

from functools import cache
from importlib.resources import files

from haneul.kernel.errors import NotFound
from haneul.kernel.http import Call, Routes
from haneul.kernel.schema import View
from haneul.services.block_storage.base_rules import SIGNED_IN

routes = Routes()


class ExtensionView(View):
    """An extension by its alias; there are never links."""

    alias: str
    name: str
    description: str
    updated: str
    links: list[str] = []


@cache
def _known() -> dict[str, ExtensionView]:
    lines = files("haneul.services.block_storage").joinpath("extensions.txt").read_text().splitlines()
    rows = (line.split("|") for line in lines)
    return {
        alias: ExtensionView(alias=alias, name=name, description=description, updated=updated)
        for alias, name, description, updated in rows
    }


@routes.get("/v3/extensions", rule=SIGNED_IN, wraps="extensions")
def list_extensions(call: Call) -> list[ExtensionView]:
    call.enforce()
    return list(_known().values())


@routes.get("/v3/extensions/{alias}", rule=SIGNED_IN, wraps="extension")
def show_extension(call: Call, alias: str) -> ExtensionView:
    call.enforce()
    found = _known().get(alias)
    if found is None:
        raise NotFound("The resource could not be found.")
    return found
