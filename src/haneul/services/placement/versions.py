"""The version document."""

from typing import Any

from haneul.kernel.http import PUBLIC, Call, Microversions, Reply, Routes, Version
from haneul.services.placement.answers import stamped

routes = Routes()

MICROVERSIONS = Microversions(
    word="placement",
    oldest=Version(1, 0),
    newest=Version(1, 39),
    header="openstack-api-version",
    form=r"\d+\.\d+",
    malformed="Invalid microversion: invalid version string: {asked}",
    outside="Invalid microversion: Unacceptable version header: {asked}",
)


@routes.get("/", rule=PUBLIC, quick=True)
def list_versions(call: Call) -> Reply[dict[str, Any]]:
    version = {
        "id": f"v{MICROVERSIONS.oldest}",
        "max_version": str(MICROVERSIONS.newest),
        "min_version": str(MICROVERSIONS.oldest),
        "status": "CURRENT",
        "links": [{"rel": "self", "href": ""}],
    }
    return stamped(call, {"versions": [version]})
