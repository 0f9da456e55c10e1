"""What a new user needs and control can't make by itself: an image to boot, and a network to the outside."""

import uuid
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import msgspec

from haneul.cli.client import AdminClient, Refused
from haneul.cli.failures import Failure
from haneul.cli.screen import Progress
from haneul.cli.tree.layout import Layout
from haneul.host.disk import durable
from haneul.settings import CloudSettings

if TYPE_CHECKING:
    from haneul.host.guest_image import BuiltImage

GUEST_NAME, SIMULATED_NAME = "haneul-guest", "simulated"
SIMULATED_BYTES = 1 << 20
PHYSICAL = "public"
EXTERNAL = {
    "name": "public",
    "router:external": True,
    "is_default": True,
    "provider:network_type": "flat",
    "provider:physical_network": PHYSICAL,
}
POOL = {
    "name": "shared-default-subnetpool-v4",
    "prefixes": ["10.64.0.0/12"],
    "default_prefixlen": 24,
    "shared": True,
    "is_default": True,
}
"""What networks that nobody described get their addresses of, under DevStack's name for it."""
# The first places are the machine's own, and whatever else its owner puts there.
FIRST_PLACE = 10


class Seeded(msgspec.Struct, kw_only=True):
    """How far we are. The image's id is chosen and noted before it is used, so that no crash can leave a second one."""

    image_id: str = ""
    done: bool = False
    network_done: bool = False


class Teller(Protocol):
    """Where the outcome is told."""

    seeded: list[str]
    notes: list[str]


def image_name(settings: CloudSettings) -> str:
    """The image that a cloud of this kind is given."""
    return SIMULATED_NAME if settings.simulate else GUEST_NAME


def is_sown(layout: Layout) -> bool:
    """Whether the image was made."""
    return _read(layout.seeded_file).done


def sow(layout: Layout, settings: CloudSettings, progress: Progress, teller: Teller) -> None:
    """Make what was not made before; where it can't be made, say why and let the next `up` try again."""
    seeded = _read(layout.seeded_file)
    if not seeded.network_done:
        _sow_network(layout, settings, seeded, teller)
    if not seeded.done:
        _sow_image(layout, settings, seeded, (progress, teller))


def _sow_network(layout: Layout, settings: CloudSettings, seeded: Seeded, teller: Teller) -> None:
    client = AdminClient(layout, settings)
    known = client.get("network", f"/v2.0/networks?provider:physical_network={PHYSICAL}")["networks"]
    network = known[0] if known else client.post("network", "/v2.0/networks", {"network": EXTERNAL})["network"]
    if not network["subnets"]:
        client.post("network", "/v2.0/subnets", {"subnet": _subnet(settings, network["id"])})
    if not client.get("network", f"/v2.0/subnetpools?name={POOL['name']}")["subnetpools"]:
        client.post("network", "/v2.0/subnetpools", {"subnetpool": POOL})
    seeded.network_done = True
    _write(layout.seeded_file, seeded)
    teller.seeded.append(f"the external network {network['name']} ({settings.external_range})")


def _subnet(settings: CloudSettings, network_id: str) -> dict[str, object]:
    addresses = ip_network(settings.external_range)
    return {
        "network_id": network_id,
        "name": "public-subnet",
        "ip_version": addresses.version,
        "cidr": str(addresses),
        "gateway_ip": settings.external_address.partition("/")[0],
        "enable_dhcp": False,
        "allocation_pools": [{"start": str(addresses[FIRST_PLACE]), "end": str(addresses[-2])}],
    }


def _sow_image(layout: Layout, settings: CloudSettings, seeded: Seeded, told: tuple[Progress, Teller]) -> None:
    progress, teller = told
    if not seeded.image_id:
        seeded.image_id = str(uuid.uuid4())
        _write(layout.seeded_file, seeded)
    client = AdminClient(layout, settings)
    name = image_name(settings)
    try:
        if not _is_there(client, seeded.image_id):
            file, disk_format = _file(layout, settings, progress)
            progress.stage(f"Uploading the image {name}.")
            _upload(client, seeded.image_id, name, disk_format, file)
            file.unlink()
    except Failure as failure:
        teller.notes.append(f"There is no image {name} to boot yet. {failure} {failure.fix}".rstrip())
        return
    seeded.done = True
    _write(layout.seeded_file, seeded)
    teller.seeded.append(f"the image {name}")


def _read(path: Path) -> Seeded:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Seeded)
    except FileNotFoundError:
        return Seeded()


def _write(path: Path, seeded: Seeded) -> None:
    durable.write(path, msgspec.json.encode(seeded))


def _is_there(client: AdminClient, image_id: str) -> bool:
    """Whether an earlier `up` came to the end of the upload; what is less is cleared away."""
    try:
        image = client.get("image", f"/v2/images/{image_id}")
    except Refused as refused:
        if refused.status == 404:
            return False
        raise
    if image["status"] == "active":
        return True
    client.delete("image", f"/v2/images/{image_id}")
    return False


def _file(layout: Layout, settings: CloudSettings, progress: Progress) -> tuple[Path, str]:
    if settings.simulate:
        blank = layout.cache / "simulated.raw"
        with blank.open("wb") as file:
            file.truncate(SIMULATED_BYTES)
        return blank, "raw"
    return build_guest(layout.cache / "guest.qcow2", layout.cache / "guest-image", progress).path, "qcow2"


def build_guest(target: Path, work: Path | None, progress: Progress) -> "BuiltImage":
    """Build the guest image at `target`; Failure with what is missing. `work` keeps what was downloaded."""
    from haneul.host.guest_image import PACKAGES, BuildFailed, build

    try:
        return build(target, work=work, progress=progress.stage)
    except BuildFailed as error:
        raise Failure(
            str(error), f"Run `apt-get update && apt-get install {' '.join(PACKAGES)}`, and this command again."
        ) from error


def _upload(client: AdminClient, image_id: str, name: str, disk_format: str, file: Path) -> None:
    body = {
        "id": image_id,
        "name": name,
        "disk_format": disk_format,
        "container_format": "bare",
        "visibility": "public",
    }
    client.post("image", "/v2/images", body)
    client.upload("image", f"/v2/images/{image_id}/file", file)
