"""Which versions of the API there are: one."""

from haneul.kernel.http import PUBLIC, Call, Routes
from haneul.kernel.schema import View

routes = Routes()


class Link(View):
    rel: str
    href: str


class VersionView(View):
    id: str
    status: str
    links: list[Link]


class VersionsView(View):
    versions: list[VersionView]


class ResourceView(View):
    name: str
    collection: str
    links: list[Link]


RESOURCES = ("subnet", "network", "port")


@routes.get("/", rule=PUBLIC, transaction="none")
async def list_versions(call: Call) -> VersionsView:
    link = Link(rel="self", href=call.url("/v2.0/"))
    return VersionsView(versions=[VersionView(id="v2.0", status="CURRENT", links=[link])])


@routes.get("/v2.0", rule=PUBLIC, wraps="resources", transaction="none")
async def list_resources(call: Call) -> list[ResourceView]:
    return [
        ResourceView(name=name, collection=f"{name}s", links=[Link(rel="self", href=call.url(f"/v2.0/{name}s"))])
        for name in RESOURCES
    ]
