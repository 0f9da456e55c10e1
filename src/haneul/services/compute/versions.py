"""The version documents of `/` and `/v2.1`, which need no token."""

from typing import Any

from haneul.kernel.http import PUBLIC, Call, Microversions, Routes, Version
from haneul.kernel.schema import View

MICROVERSIONS = Microversions(
    word="compute",
    oldest=Version(2, 1),
    newest=Version(2, 100),
    legacy_header="X-OpenStack-Nova-API-Version",
)
MEDIA_TYPES = [{"base": "application/json", "type": "application/vnd.openstack.compute+json;version=2.1"}]

routes = Routes()


class VersionView(View):
    """A version in the list of `/`; newest and oldest are called `version` and `min_version` on the wire."""

    id: str
    status: str
    version: str
    min_version: str
    updated: str
    links: list[dict[str, str]]


def _values(call: Call) -> dict[str, Any]:
    return {
        "id": "v2.1",
        "status": "CURRENT",
        "version": str(MICROVERSIONS.newest),
        "min_version": str(MICROVERSIONS.oldest),
        "updated": "2013-07-23T11:33:21Z",
        "links": [{"rel": "self", "href": call.url("/v2.1/")}],
    }


@routes.get("/", rule=PUBLIC, wraps="versions", quick=True)
def list_versions(call: Call) -> list[VersionView]:
    return [VersionView(**_values(call))]


@routes.get("/v2.1", rule=PUBLIC, wraps="version", quick=True)
def show_version(call: Call) -> dict[str, Any]:
    described = {"rel": "describedby", "type": "text/html", "href": "http://docs.openstack.org/"}
    values = _values(call)
    return {**values, "links": [*values["links"], described], "media-types": MEDIA_TYPES}
