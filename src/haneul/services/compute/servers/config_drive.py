"""What a server's config drive says. Source: Nova's "Metadata" and "Config drives" guides."""

import base64
from typing import Any

import msgspec

from haneul.services.compute.drivers.base import GuestFile
from haneul.services.compute.servers.models import Server

VERSIONS = ("2018-08-27", "latest")
DOMAIN = "novalocal"


def files_of(server: Server) -> tuple[GuestFile, ...]:
    """The files of a server's config drive: the OpenStack tree and Amazon's, each under its newest names."""
    user_data = base64.b64decode(server.user_data) if server.user_data else None
    files = [GuestFile("ec2/latest/meta-data.json", _json(_ec2(server)))]
    if user_data is not None:
        files.append(GuestFile("ec2/latest/user-data", user_data))
    for version in VERSIONS:
        folder = f"openstack/{version}"
        files.append(GuestFile(f"{folder}/meta_data.json", _json(_openstack(server))))
        files.append(GuestFile(f"{folder}/network_data.json", _json({"links": [], "networks": [], "services": []})))
        files.append(GuestFile(f"{folder}/vendor_data.json", _json({})))
        if user_data is not None:
            files.append(GuestFile(f"{folder}/user_data", user_data))
    return tuple(files)


def _json(value: Any) -> bytes:
    return msgspec.json.encode(value)


def _openstack(server: Server) -> dict[str, Any]:
    said: dict[str, Any] = {
        "uuid": server.id,
        "name": server.name,
        "hostname": f"{server.hostname}.{DOMAIN}",
        "availability_zone": server.zone,
        "launch_index": server.launch_index,
        "project_id": server.project_id,
        "meta": server.metadata,
        "devices": [],
        "dedicated_cpus": [],
    }
    if server.key is not None:
        said["public_keys"] = {server.key["name"]: server.key["public_key"]}
        said["keys"] = [{"name": server.key["name"], "type": server.key["type"], "data": server.key["public_key"]}]
    return said


def _ec2(server: Server) -> dict[str, Any]:
    said: dict[str, Any] = {
        "instance-id": f"i-{server.number:08x}",
        "hostname": f"{server.hostname}.{DOMAIN}",
        "local-hostname": f"{server.hostname}.{DOMAIN}",
        "ami-launch-index": server.launch_index,
        "instance-type": server.flavor["name"],
        "reservation-id": server.reservation_id,
        "placement": {"availability-zone": server.zone},
    }
    if server.key is not None:
        said["public-keys"] = {"0": {"_name": f"0={server.key['name']}", "openssh-key": server.key["public_key"]}}
    return said
