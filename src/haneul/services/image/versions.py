"""The version documents of `/` and `/versions`. Glance's versions only say what it can; nothing is negotiated."""

from typing import Any

from haneul.kernel.http import PUBLIC, Call, Routes
from haneul.kernel.schema import View
from haneul.services.image.config import ImageSettings

OLD = ("2.7", "2.6", "2.5", "2.4", "2.3", "2.2", "2.1", "2.0")
STORES = ("2.13", "2.12", "2.11", "2.10", "2.9", "2.8")
# In Glance's order, which differs by whether there is a cache. 2.14, 2.16 and 2.18 are about the cache.
WITH_CACHE = ("2.18", "2.17", "2.16", "2.15", "2.14", *STORES, *OLD)
WITHOUT_CACHE = ("2.15", *STORES, "2.17", *OLD)


class VersionView(View):
    id: str
    status: str
    links: list[dict[str, str]]


def routes_with(settings: ImageSettings) -> Routes:
    routes = Routes()
    numbers = WITH_CACHE if settings.cache.enabled else WITHOUT_CACHE
    current = "2.18" if settings.cache.enabled else "2.17"

    def document(call: Call) -> dict[str, Any]:
        links = [{"rel": "self", "href": call.url("/v2/")}]
        return {
            "versions": [
                VersionView(id=f"v{one}", status="CURRENT" if one == current else "SUPPORTED", links=links)
                for one in numbers
            ]
        }

    @routes.get("/", rule=PUBLIC, status=300, quick=True)
    def list_versions(call: Call) -> dict[str, Any]:
        return document(call)

    @routes.get("/versions", rule=PUBLIC, quick=True)
    def show_versions(call: Call) -> dict[str, Any]:
        return document(call)

    return routes
