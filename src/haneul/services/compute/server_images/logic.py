from collections.abc import Mapping

from haneul.kernel.auth import Caller
from haneul.kernel.errors import BadRequest
from haneul.services.compute.servers.models import Server
from haneul.services.image.public import NewServerImage

# What images of images don't take over (nova: `non_inheritable_image_properties`).
OWN = ("cache_in_nova", "bittorrent", "img_signature", "img_signature_hash_method", "img_signature_key_type")
OWN_TOO = ("img_signature_certificate_uuid", "os_glance_import_task")
KEPT_APART = ("base_image_ref", "container_format", "disk_format", "min_disk", "min_ram")
READ_ONLY = frozenset(("id", "owner", "status", "size", "checksum", "visibility", "protected", "tags", "locations"))


def image_of(server: Server, name: str, metadata: Mapping[str, str], caller: Caller) -> NewServerImage:
    """The image that is to be made of a server, as Nova describes it; BadRequest for a name of blanks."""
    if not name.strip():
        raise BadRequest("Invalid input for field/attribute name. Value: {name}.", name=name)
    if taken := READ_ONLY & metadata.keys():
        raise BadRequest("An image's attribute can't be set by metadata: {names}.", names=", ".join(sorted(taken)))
    kept = dict(server.image_properties or {})
    inherited = {key: value for key, value in kept.items() if _is_inherited(key)}
    return NewServerImage(
        name=name.strip(),
        project_id=server.project_id,
        properties={**inherited, **_origin(server, caller), **metadata},
        min_disk=int(kept.get("min_disk") or 0),
        min_ram=int(kept.get("min_ram") or 0),
    )


def _is_inherited(key: str) -> bool:
    return key not in (*OWN, *OWN_TOO, *KEPT_APART) and not key.startswith("os_glance_")


def _origin(server: Server, caller: Caller) -> dict[str, str]:
    return {
        "image_type": "snapshot",
        "instance_uuid": server.id,
        "user_id": caller.user_id,
        "base_image_ref": server.image_id or "",
        "boot_roles": ",".join(sorted(caller.roles)),
        "owner_user_name": caller.user_name,
        "owner_project_name": caller.project_name or "",
    }
