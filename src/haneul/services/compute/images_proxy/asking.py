"""What the parameters of compute's list of images ask of the image service (nova: api/openstack/compute/images.py)."""

from collections.abc import Mapping, Sequence

from haneul.kernel.http import Call
from haneul.services.compute.images_proxy.schemas import STATUSES

FILTERS = {
    "name": "name",
    "status": "status",
    "changes-since": "updated_at",
    "server": "instance_uuid",
    "type": "image_type",
    "minRam": "min_ram",
    "minDisk": "min_disk",
}
PROPERTY = "property-"


def asked_of_images(call: Call) -> dict[str, list[str]]:
    """The parameters of the same list in the image service."""
    page = call.page()
    paging = {"limit": [str(page.limit or call.service.page_most)]}
    if page.marker:
        paging["marker"] = [page.marker]
    return {**_filters(call.ask.parameters), **paging}


def _filters(given: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    found = {}
    for name, values in given.items():
        wanted = name.removeprefix(PROPERTY) if name.startswith(PROPERTY) else FILTERS.get(name)
        if wanted:
            found[wanted] = [_value(wanted, values[-1])]
    return found


def _value(name: str, value: str) -> str:
    match name:
        case "status":
            return _status(value.lower())
        case "updated_at":
            return f"gte:{value}"
        case "instance_uuid":
            # A server is named by its id or by a link to it.
            return value.rpartition("/")[2]
    return value


def _status(asked: str) -> str:
    """Every status that is shown as the one asked for; else the word itself: it may be one of the image service's."""
    shown = [status for status, word in STATUSES.items() if word.lower() == asked]
    return f"in:{','.join(shown)}" if shown else asked
