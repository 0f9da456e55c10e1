"""What a request for a server means: everything that it names is found and checked before a row is written."""

import base64
import binascii
import secrets
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from haneul.kernel.errors import BadRequest, NotBuilt, NotFound, OverQuota
from haneul.kernel.http import Call
from haneul.kernel.ids import is_uuid_like
from haneul.kernel.quota import Known, refuse_large
from haneul.services.compute.flavors import logic as flavors
from haneul.services.compute.flavors.api import viewer
from haneul.services.compute.flavors.models import Flavor
from haneul.services.compute.keypairs import logic as keypairs
from haneul.services.compute.quota_sets.logic import Owner, limits, take_server
from haneul.services.compute.quota_sets.resources import REGISTERED, SERVICE
from haneul.services.compute.scheduling.logic import zone_exists
from haneul.services.compute.servers import addresses, hostnames
from haneul.services.compute.servers.logic import NewServer
from haneul.services.compute.servers.nics_asked import nics_wanted
from haneul.services.compute.servers.rules import CREATE_ON_HOST, CREATE_ZERO_DISK
from haneul.services.compute.servers.schemas import ServerCreate, ServerCreateBody
from haneul.services.image import public as images

GIB = 1 << 30
METADATA_ITEMS = Known(SERVICE, REGISTERED["metadata_items"])
ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


class Asked(msgspec.Struct, frozen=True):
    """A request understood."""

    server: NewServer
    admin_password: str


def understood(call: Call, body: ServerCreateBody) -> Asked:
    """The server that is asked for; BadRequest, NotFound or OverQuota with the reason it can't be."""
    wanted = body.server
    count = _count(wanted)
    _refuse_unbuilt(call, wanted)
    flavor = _flavor(call, wanted)
    if flavor.swap_mb:
        raise NotBuilt("haneul does not make swap disks yet: choose a flavor without swap.")
    image = _image(call, wanted, flavor)
    take_server(call.db, _owner(call), flavor, count)
    key = None if wanted.key_name is UNSET else key_of(call, wanted.key_name)
    refuse_many_metadata(call, wanted.metadata)
    hostnames.refuse_wrong(wanted.hostname, may_have_domain=call.at_least("2.94"))
    server = NewServer(
        name=wanted.name.strip(),
        hostname="" if wanted.hostname is UNSET else wanted.hostname,
        description=_description(call, wanted),
        flavor=_kept(call, flavor),
        flavor_id=flavor.id,
        image_id=image.id,
        image_properties=properties_kept(image, flavor.disk_gb),
        scheduler_hints=_hints(body),
        auto_disk_config=None if wanted.disk_config is UNSET else wanted.disk_config == "AUTO",
        zone=_zone(call, wanted),
        key_name=key["name"] if key else "",
        key=key,
        user_data=checked_user_data(wanted.user_data),
        metadata=wanted.metadata,
        tags=[] if wanted.tags is UNSET else list(dict.fromkeys(wanted.tags)),
        config_drive=bool(wanted.config_drive) if wanted.config_drive is not UNSET else False,
        access_ipv4=addresses.canonical(wanted.accessIPv4 or "", 4, "accessIPv4"),
        access_ipv6=addresses.canonical(wanted.accessIPv6 or "", 6, "accessIPv6"),
        nics=nics_wanted(call, wanted, count),
        count=count,
    )
    password = wanted.adminPass if wanted.adminPass is not UNSET else new_password()
    return Asked(server, password)


def _owner(call: Call) -> Owner:
    return Owner(call.caller.project_id or "", call.caller.user_id)


def _count(wanted: ServerCreate) -> int:
    most = wanted.min_count if wanted.max_count is UNSET else wanted.max_count
    if wanted.min_count > most:
        raise BadRequest("min_count must be <= max_count")
    if most > 1 and wanted.hostname is not UNSET:
        raise BadRequest("Unable to allocate a single hostname to multiple instances")
    return most


def refuse_many_metadata(call: Call, metadata: Mapping[str, str]) -> None:
    """OverQuota if a server of the caller's may not have so many items."""
    if refuse_large(call.db, METADATA_ITEMS, len(metadata)):
        return
    most = limits(call.db, _owner(call))["metadata_items"]
    if -1 < most < len(metadata):
        raise OverQuota("Maximum number of metadata items exceeds {allowed}", allowed=most)


def _hints(body: ServerCreateBody) -> dict[str, Any]:
    given = body.old_hints if body.hints is UNSET else body.hints
    return {} if given is UNSET else {name: value for name, value in given.items() if not name.startswith("_nova")}


def properties_kept(image: images.Image, disk_gb: int) -> dict[str, str]:
    """What a server keeps of its image, in Nova's words for it."""
    return {
        **image.properties,
        "base_image_ref": image.id,
        "container_format": image.container_format or "",
        "disk_format": image.disk_format or "",
        "min_disk": str(disk_gb or image.min_disk),
        "min_ram": str(image.min_ram),
    }


def _refuse_unbuilt(call: Call, wanted: ServerCreate) -> None:
    """What this cloud can't do yet is refused in words, never passed over."""
    if wanted.block_device_mapping_v2 is not UNSET:
        only = wanted.block_device_mapping_v2
        if len(only) != 1 or only[0].source_type != "image" or only[0].destination_type != "local":
            raise NotBuilt("haneul does not offer volumes yet: a server's disk comes from its image.")
    if wanted.personality is not UNSET and wanted.personality:
        raise NotBuilt("haneul does not inject files: use user_data.")
    if wanted.trusted_image_certificates:
        raise NotBuilt("haneul does not verify images' certificates yet.")
    if wanted.host is not UNSET or wanted.hypervisor_hostname is not UNSET:
        call.enforce(call.caller, rule=CREATE_ON_HOST)
        raise NotBuilt("haneul does not place servers on a host of choice yet.")


def _flavor(call: Call, wanted: ServerCreate) -> Flavor:
    try:
        flavor_id = str(wanted.flavorRef).rstrip("/").rpartition("/")[2]
        return flavors.get_visible(call.db, flavor_id, viewer(call))
    except NotFound as refused:
        raise BadRequest("Flavor {id} could not be found.", id=str(wanted.flavorRef)[:255]) from refused


def _image(call: Call, wanted: ServerCreate, flavor: Flavor) -> images.Image:
    reference = "" if wanted.imageRef is UNSET else wanted.imageRef
    if not reference:
        raise BadRequest("Invalid image identifier: a server without a volume needs an imageRef.")
    return bootable_image(call, reference, flavor.memory_mb, flavor.disk_gb)


def bootable_image(call: Call, reference: str, memory_mb: int, disk_gb: int) -> images.Image:
    """The image that an id or a link names; BadRequest if there is none, or it needs a larger server."""
    image_id = reference.rstrip("/").rpartition("/")[2]
    if not is_uuid_like(image_id):
        raise BadRequest("Invalid image identifier or unable to find image.")
    try:
        found = images.bootable(call.db, image_id, call.caller)
    except NotFound as refused:
        raise BadRequest("Can not find requested image") from refused
    if memory_mb < found.min_ram:
        raise BadRequest("Flavor's memory is too small for requested image.")
    _refuse_small_disk(call, disk_gb, found)
    return found


def _refuse_small_disk(call: Call, disk_gb: int, image: images.Image) -> None:
    if disk_gb == 0:
        call.enforce(call.caller, rule=CREATE_ZERO_DISK)
        return
    if disk_gb < image.min_disk:
        raise BadRequest(
            "Flavor's disk is smaller than the minimum size specified in image metadata. Flavor disk is {disk} bytes, "
            "minimum size is {least} bytes.",
            disk=disk_gb * GIB,
            least=image.min_disk * GIB,
        )
    if (image.virtual_size or 0) > disk_gb * GIB:
        raise BadRequest(
            "Flavor's disk is too small for requested image. Flavor disk is {disk} bytes, image is {size} bytes.",
            disk=disk_gb * GIB,
            size=image.virtual_size,
        )


def _kept(call: Call, flavor: Flavor) -> dict[str, Any]:
    """The flavor as its servers keep it, whatever happens to the flavor later."""
    return {
        "name": flavor.name,
        "vcpus": flavor.vcpus,
        "memory_mb": flavor.memory_mb,
        "disk_gb": flavor.disk_gb,
        "ephemeral_gb": flavor.ephemeral_gb,
        "swap_mb": flavor.swap_mb,
        "extra_specs": flavors.specs_of(call.db, [flavor.id]).get(flavor.id, {}),
    }


def key_of(call: Call, name: str) -> dict[str, Any]:
    """The caller's keypair as a server keeps it; BadRequest if there is none of that name."""
    try:
        found = keypairs.get(call.db, call.caller.user_id, name)
    except NotFound as refused:
        raise BadRequest("Invalid key_name provided.") from refused
    return {"name": found.name, "type": found.type, "public_key": found.public_key}


def _zone(call: Call, wanted: ServerCreate) -> str:
    if wanted.availability_zone is UNSET:
        return ""
    zone, _, host = wanted.availability_zone.partition(":")
    if host:
        raise NotBuilt("haneul does not place servers on a host of choice yet.")
    if not zone_exists(call.db, zone):
        raise BadRequest("The requested availability zone is not available")
    return zone


def checked_user_data(given: str | None | UnsetType) -> str | None:
    """User data as it came; BadRequest if it is not base64."""
    if given is UNSET or given is None:
        return None
    try:
        base64.b64decode(given, validate=True)
    except (binascii.Error, ValueError):
        raise BadRequest("Userdata content cannot be decoded") from None
    return given


def _description(call: Call, wanted: ServerCreate) -> str | None:
    if wanted.description is UNSET:
        return None if call.at_least("2.19") else wanted.name
    return wanted.description


def new_password() -> str:
    """What an administrator's account of a server is to be opened with."""
    return "".join(secrets.choice(ALPHABET) for _ in range(12))
