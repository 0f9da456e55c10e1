"""The version documents of `/` and `/versions`. Glance's versions only say what it can; nothing is negotiated."""

from typing import Any

from haneul.kernel.http import PUBLIC, Call, Routes
from haneul.kernel.schema import View

routes = Routes()

CURRENT = "2.17"
# 2.14 and 2.16 came with the cache API, which is not built.
SUPPORTED = (
    "2.15",
    "2.13",
    "2.12",
    "2.11",
    "2.10",
    "2.9",
    "2.8",
    "2.7",
    "2.6",
    "2.5",
    "2.4",
    "2.3",
    "2.2",
    "2.1",
    "2.0",
)


class VersionView(View):
    id: str
    status: str
    links: list[dict[str, str]]


def _document(call: Call) -> dict[str, Any]:
    links = [{"rel": "self", "href": call.url("/v2/")}]
    newest = VersionView(id=f"v{CURRENT}", status="CURRENT", links=links)
    return {"versions": [newest, *(VersionView(id=f"v{one}", status="SUPPORTED", links=links) for one in SUPPORTED)]}


@routes.get("/", rule=PUBLIC, status=300, quick=True)
def list_versions(call: Call) -> dict[str, Any]:
    return _document(call)


@routes.get("/versions", rule=PUBLIC, quick=True)
def show_versions(call: Call) -> dict[str, Any]:
    return _document(call)
