"""The version documents of `/`, `/v2` and `/v2.1`, which need no token."""

from typing import Any

import msgspec

from haneul.kernel.http import PUBLIC, Call, Microversions, Routes, Version
from haneul.kernel.schema import View

MICROVERSIONS = Microversions(
    word="compute",
    oldest=Version(2, 1),
    newest=Version(2, 100),
    legacy_header="X-OpenStack-Nova-API-Version",
)

routes = Routes()


class VersionView(View):
    """A version in the list of `/`; newest and oldest are called `version` and `min_version` on the wire."""

    id: str
    status: str
    version: str
    min_version: str
    updated: str
    links: list[dict[str, str]]


def _former(call: Call) -> VersionView:
    return VersionView(
        id="v2.0",
        status="SUPPORTED",
        version="",
        min_version="",
        updated="2011-01-21T11:33:21Z",
        links=[{"rel": "self", "href": call.url("/v2/")}],
    )


def _current(call: Call) -> VersionView:
    return VersionView(
        id="v2.1",
        status="CURRENT",
        version=str(MICROVERSIONS.newest),
        min_version=str(MICROVERSIONS.oldest),
        updated="2013-07-23T11:33:21Z",
        links=[{"rel": "self", "href": call.url("/v2.1/")}],
    )


def _described(view: VersionView, number: str) -> dict[str, Any]:
    described = {"rel": "describedby", "type": "text/html", "href": "http://docs.openstack.org/"}
    media = {"base": "application/json", "type": f"application/vnd.openstack.compute+json;version={number}"}
    return {**msgspec.structs.asdict(view), "links": [*view.links, described], "media-types": [media]}


@routes.get("/", rule=PUBLIC, wraps="versions", quick=True)
def list_versions(call: Call) -> list[VersionView]:
    return [_former(call), _current(call)]


@routes.get("/v2", rule=PUBLIC, wraps="version", quick=True)
def show_former_version(call: Call) -> dict[str, Any]:
    return _described(_former(call), "2")


@routes.get("/v2.1", rule=PUBLIC, wraps="version", quick=True)
def show_version(call: Call) -> dict[str, Any]:
    return _described(_current(call), "2.1")
