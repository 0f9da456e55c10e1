"""Another image service, asked with the token of the caller (glance: async_/flows/api_image_import.py)."""

from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec

from haneul.host.net.fetch import Allowed, Fetcher, Limits, Response
from haneul.kernel.errors import BadRequest, NotFound, Unauthorized, Unavailable
from haneul.services.image.images.schemas import LONGEST_NAME, fields_in
from haneul.services.image.transfers.job import Ground
from haneul.services.image.transfers.sealing import Broken

# What Glance copies unless configured otherwise ([glance_download_properties] extra_properties).
COPIED = ("hw_", "trait:", "os_distro", "os_secure_boot", "os_type")
MOST_METADATA_BYTES = 1 << 20
# The catalog is the operator's: what stands there may lie inside his networks.
OF_THE_CATALOG = Allowed(ports=(), networks=("0.0.0.0/0", "::/0"))


def endpoint_in(catalog: Iterable[Mapping[str, Any]], region: str, interface: str) -> str:
    """The URL of the image service of a region; empty if the catalog has none."""
    for service in catalog:
        for one in service["endpoints"] if service["type"] == "image" else ():
            if (one["region"] or "").lower() == region.lower() and one["interface"] == interface:
                return str(one["url"])
    return ""


class RemoteImage(msgspec.Struct, frozen=True):
    """An image of another service: `size` in bytes, and what it says of itself that is copied."""

    size: int
    told: dict[str, Any]


class RemoteImages:
    """The image service at the `endpoint` of a transfer's input, asked for its `glance_image_id`."""

    def __init__(self, ground: Ground, given: Mapping[str, Any]) -> None:
        method = given["method"]
        if not given["endpoint"]:
            raise NotFound(
                "{interface} glance endpoint not found for region {region}",
                interface=method["glance_service_interface"],
                region=method["glance_region"],
            )
        self._url = f"{given['endpoint'].rstrip('/')}/v2/images/{method['glance_image_id']}"
        try:
            self._headers = {"X-Auth-Token": ground.seal.open(given["token"])}
        except Broken:
            raise Unauthorized("The token that the remote image service was to be asked with is lost.") from None
        settings = ground.settings
        authorities = Path(settings.fetch.ca_file) if settings.fetch.ca_file else None
        limits = Limits(total_s=settings.fetch.total_s, most_bytes=settings.most_bytes)
        self._fetcher = Fetcher(OF_THE_CATALOG, limits, authorities=authorities)

    def show(self) -> RemoteImage:
        """The image; Unavailable unless it is active and says how large it is."""
        with closing(self._fetcher.open(self._url, headers=self._headers)) as response:
            text = response.read(MOST_METADATA_BYTES)
        try:
            shown = msgspec.json.decode(text, type=dict[str, Any])
        except msgspec.MsgspecError:
            raise Unavailable("The answer of the remote image service can't be understood.") from None
        return _image(shown)

    def open(self) -> Response:
        """The image's bytes."""
        return self._fetcher.open(f"{self._url}/file", headers=self._headers)


def _image(shown: Mapping[str, Any]) -> RemoteImage:
    status, size = shown.get("status"), shown.get("size")
    if status != "active":
        raise Unavailable("Source image status should be active instead of {status}", status=str(status)[:LONGEST_NAME])
    if not isinstance(size, int):
        raise Unavailable("Size attribute of remote image could not be determined.")
    formats = {name: shown.get(name) for name in ("disk_format", "container_format")}
    try:
        fields_in(formats)
    except BadRequest as unfit:
        raise Unavailable("{reason}", reason=str(unfit)) from None
    custom = {
        name: value
        for name, value in shown.items()
        if name.startswith(COPIED) and isinstance(value, str) and len(name) <= LONGEST_NAME
    }
    return RemoteImage(size, {**formats, "properties": custom})
