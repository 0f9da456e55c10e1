"""The version documents of `/` and `/v3`."""

from typing import Any

import msgspec

from haneul.kernel.http import PUBLIC, Call, Reply, Routes
from haneul.kernel.schema import View

routes = Routes()


class VersionView(View):
    id: str
    status: str
    updated: str
    links: list[dict[str, Any]]
    media_types: list[dict[str, str]] = msgspec.field(name="media-types")


def _v3(call: Call) -> VersionView:
    media = "application/vnd.openstack.identity-v3+json"
    return VersionView(
        id="v3.14",
        status="stable",
        updated="2020-04-07T00:00:00Z",
        links=[{"rel": "self", "href": call.url("/v3/")}],
        media_types=[{"base": "application/json", "type": media}],
    )


@routes.get("/", rule=PUBLIC, status=300, transaction="read", quick=True)
def list_versions(call: Call) -> Reply[dict[str, Any]]:
    return Reply(view={"versions": {"values": [_v3(call)]}}, headers={"Location": call.url("/v3/")})


@routes.get("/v3", rule=PUBLIC, wraps="version", quick=True)
def show_version(call: Call) -> VersionView:
    return _v3(call)
