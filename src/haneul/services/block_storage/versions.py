"""The version documents of `/` and `/v3`, which need no token."""

from typing import Any

from haneul.kernel.http import PUBLIC, Call, Microversions, Routes, Version

MICROVERSIONS = Microversions(word="volume", oldest=Version(3, 0), newest=Version(3, 71))

routes = Routes()


def _document(call: Call) -> dict[str, Any]:
    media = {"base": "application/json", "type": "application/vnd.openstack.volume+json;version=3"}
    current = {
        "id": "v3.0",
        "status": "CURRENT",
        "version": str(MICROVERSIONS.newest),
        "min_version": str(MICROVERSIONS.oldest),
        "updated": "2023-08-31T00:00:00Z",
        "links": [
            {"rel": "describedby", "type": "text/html", "href": "https://docs.openstack.org/"},
            {"rel": "self", "href": call.url("/v3/")},
        ],
        "media-types": [media],
    }
    return {"versions": [current]}


@routes.get("/", rule=PUBLIC, status=300, quick=True)
def list_versions(call: Call) -> dict[str, Any]:
    return _document(call)


@routes.get("/v3", rule=PUBLIC, quick=True)
def show_version(call: Call) -> dict[str, Any]:
    return _document(call)
