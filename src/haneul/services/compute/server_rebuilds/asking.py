"""What a request to rebuild a server means, as values of its row."""

from typing import Any

from haneul.kernel.errors import BadRequest, NotBuilt
from haneul.kernel.http import Call
from haneul.kernel.policy import Rule
from haneul.kernel.schema import UNSET
from haneul.services.compute.server_rebuilds.schemas import Rebuild
from haneul.services.compute.servers import addresses, asking, hostnames
from haneul.services.compute.servers.models import Server

TRUSTED_CERTIFICATES = Rule(
    "os_compute_api:servers:rebuild:trusted_certs",
    "rule:project_member_or_admin",
    "Rebuild a server from an image whose certificates are verified.",
)


def changes_of(call: Call, server: Server, wanted: Rebuild) -> dict[str, Any]:
    """What a rebuild changes of the server's row; BadRequest or OverQuota with the reason if it can't be."""
    _refuse_unbuilt(call, server, wanted)
    flavor = server.flavor
    image = asking.bootable_image(call, wanted.imageRef, server.memory_mb, flavor["disk_gb"])
    changes: dict[str, Any] = {
        "image_id": image.id,
        "image_properties": asking.properties_kept(image, flavor["disk_gb"]),
    }
    if wanted.metadata is not UNSET:
        asking.refuse_many_metadata(call, wanted.metadata)
        changes["metadata"] = wanted.metadata
    if wanted.name is not UNSET:
        changes["name"] = wanted.name.strip()
    if wanted.description is not UNSET:
        changes["description"] = wanted.description
    if wanted.user_data is not UNSET:
        changes["user_data"] = asking.checked_user_data(wanted.user_data)
    if wanted.disk_config is not UNSET:
        changes["auto_disk_config"] = wanted.disk_config == "AUTO"
    return changes | _key(call, wanted) | _names(call, wanted)


def _key(call: Call, wanted: Rebuild) -> dict[str, Any]:
    if wanted.key_name is UNSET:
        return {}
    if wanted.key_name is None:
        return {"key_name": "", "key": None}
    key = asking.key_of(call, wanted.key_name)
    return {"key_name": key["name"], "key": key}


def _names(call: Call, wanted: Rebuild) -> dict[str, Any]:
    found: dict[str, Any] = {}
    hostnames.refuse_wrong(wanted.hostname, may_have_domain=call.at_least("2.94"))
    if wanted.hostname is not UNSET:
        found["hostname"] = wanted.hostname
    if wanted.accessIPv4 is not UNSET:
        found["access_ipv4"] = addresses.canonical(wanted.accessIPv4, 4, "accessIPv4")
    if wanted.accessIPv6 is not UNSET:
        found["access_ipv6"] = addresses.canonical(wanted.accessIPv6, 6, "accessIPv6")
    return found


def _refuse_unbuilt(call: Call, server: Server, wanted: Rebuild) -> None:
    if wanted.preserve_ephemeral:
        raise BadRequest("Only bare metal keeps its ephemeral disk over a rebuild: preserve_ephemeral can't be true.")
    if wanted.personality is not UNSET and wanted.personality:
        raise NotBuilt("haneul does not inject files: use user_data.")
    if wanted.trusted_image_certificates is not UNSET:
        call.enforce(server, rule=TRUSTED_CERTIFICATES)
    if wanted.trusted_image_certificates:
        raise NotBuilt("haneul does not verify images' certificates yet.")
