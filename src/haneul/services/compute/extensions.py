"""The extensions that Nova's API was put together from: all are part of it now, and the list no longer changes."""

from functools import cache
from importlib.resources import files

from haneul.kernel.errors import NotFound
from haneul.kernel.http import Call, Routes
from haneul.kernel.policy import Rule
from haneul.kernel.schema import View

routes = Routes()

RULE = Rule("os_compute_api:extensions", "@", "List the extensions that the API is made of, or show one.")


class ExtensionView(View):
    """An extension by its alias; the last three fields never say anything else."""

    alias: str
    name: str
    description: str
    updated: str = "2014-12-03T00:00:00Z"
    namespace: str = "http://docs.openstack.org/compute/ext/fake_xml"
    links: list[str] = []


@cache
def _known() -> dict[str, ExtensionView]:
    lines = files("haneul.services.compute").joinpath("extensions.txt").read_text().splitlines()
    rows = (line.split("|") for line in lines)
    return {alias: ExtensionView(alias=alias, name=name, description=description) for alias, name, description in rows}


@routes.get("/v2.1/extensions", rule=RULE, wraps="extensions")
def list_extensions(call: Call) -> list[ExtensionView]:
    call.enforce()
    return list(_known().values())


@routes.get("/v2.1/extensions/{alias}", rule=RULE, wraps="extension")
def show_extension(call: Call, alias: str) -> ExtensionView:
    call.enforce()
    found = _known().get(alias)
    if found is None:
        raise NotFound("The resource could not be found.")
    return found
