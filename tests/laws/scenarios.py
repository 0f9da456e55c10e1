"""How to bring about each operation through the API: what it begins from, what starts it, and what takes all away."""

from collections.abc import Callable
from typing import NamedTuple

from tests.laws.volume_scenarios import VOLUME_SCENARIOS, delete_volume
from tests.support.cloud import Client
from tests.support.hosts import eventually


def delete(nova: Client, server_id: str) -> str:
    answer = nova.delete("compute", f"/v2.1/servers/{server_id}")
    assert answer.status_code in (204, 404), answer.text
    return server_id


class Scenario(NamedTuple):
    """`prepare` gives the id of what the operation works on, where that is there before it."""

    prepare: Callable[[Client], str]
    begin: Callable[[Client, str], str]
    take_away: Callable[[Client, str], str] = delete


def create(nova: Client, _id: str = "") -> str:
    networks = [{"uuid": network(nova)}]
    server = {"name": "law", "flavorRef": "small", "imageRef": image(nova), "networks": networks}
    answer = nova.post("compute", "/v2.1/servers", json={"server": server})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["server"]["id"])


def image(nova: Client) -> str:
    """The one image there is; made by the first who asks."""
    found = nova.get("image", "/v2/images?name=blank").json()["images"]
    if found:
        return str(found[0]["id"])
    body = {"name": "blank", "disk_format": "raw", "container_format": "bare", "visibility": "public"}
    made = nova.post("image", "/v2/images", json=body).json()
    headers = {"Content-Type": "application/octet-stream"}
    uploaded = nova.put("image", f"/v2/images/{made['id']}/file", content=bytes(1 << 16), headers=headers)
    assert uploaded.status_code == 204, uploaded.text
    return str(made["id"])


def network(nova: Client) -> str:
    """The one network there is, with a subnet; made by the first who asks."""
    found = nova.get("network", "/v2.0/networks").json()["networks"]
    if found:
        return str(found[0]["id"])
    made = nova.post("network", "/v2.0/networks", json={"network": {"name": "law"}}).json()["network"]["id"]
    body = {"subnet": {"network_id": made, "cidr": "10.0.0.0/16", "ip_version": 4}}
    assert nova.post("network", "/v2.0/subnets", json=body).status_code == 201
    return str(made)


def attach(nova: Client, server_id: str) -> str:
    body = {"interfaceAttachment": {"net_id": network(nova)}}
    answer = nova.post("compute", f"/v2.1/servers/{server_id}/os-interface", json=body)
    assert answer.status_code == 200, answer.text
    return server_id


def detach(nova: Client, server_id: str) -> str:
    path = f"/v2.1/servers/{server_id}/os-interface"
    (one,) = nova.get("compute", path).json()["interfaceAttachments"]
    assert nova.delete("compute", f"{path}/{one['port_id']}").status_code == 202
    return server_id


def small_flavor(nova: Client) -> None:
    body = {"flavor": {"name": "small", "vcpus": 1, "ram": 128, "disk": 1, "id": "small"}}
    assert nova.post("compute", "/v2.1/flavors", json=body).status_code == 200


def active(nova: Client) -> str:
    server_id = create(nova)
    reaches(nova, server_id, "ACTIVE")
    return server_id


def stopped(nova: Client) -> str:
    server_id = active(nova)
    act("os-stop")(nova, server_id)
    reaches(nova, server_id, "SHUTOFF")
    return server_id


def paused(nova: Client) -> str:
    server_id = active(nova)
    act("pause")(nova, server_id)
    reaches(nova, server_id, "PAUSED")
    return server_id


def suspended(nova: Client) -> str:
    server_id = active(nova)
    act("suspend")(nova, server_id)
    reaches(nova, server_id, "SUSPENDED")
    return server_id


def delete_with_images(nova: Client, server_id: str) -> str:
    """Delete the server, and the images that were made of it."""
    for one in nova.get("image", f"/v2/images?instance_uuid={server_id}").json()["images"]:
        delete_image(nova, one["id"])
    return delete(nova, server_id)


def rebuild(nova: Client, server_id: str) -> str:
    return act("rebuild", imageRef=image(nova))(nova, server_id)


def reaches(nova: Client, server_id: str, status: str) -> None:
    def there() -> bool:
        server = nova.get("compute", f"/v2.1/servers/{server_id}").json()["server"]
        return bool(server["status"] == status and not server["OS-EXT-STS:task_state"])

    eventually(there)


def act(action: str, **values: str) -> Callable[[Client, str], str]:
    """Start an action of a server."""

    def begin(nova: Client, server_id: str) -> str:
        answer = nova.post("compute", f"/v2.1/servers/{server_id}/action", json={action: values or None})
        assert answer.status_code == 202, answer.text
        return server_id

    return begin


def queued(nova: Client) -> str:
    """An image without bytes."""
    answer = nova.post("image", "/v2/images", json={"disk_format": "raw", "container_format": "bare"})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def download(nova: Client, image_id: str) -> str:
    """Import from the cloud's own image service, by the plugins that are in use: every step has something to do."""
    method = {"name": "glance-download", "glance_region": "RegionOne", "glance_image_id": image(nova)}
    answer = nova.post("image", f"/v2/images/{image_id}/import", json={"method": method})
    assert answer.status_code == 202, answer.text
    return image_id


def locate(nova: Client, image_id: str) -> str:
    """Make the image of bytes at an URL; the cloud's own are as good as any."""
    body = {"url": nova.running.url("identity") + "/v3"}
    answer = nova.post("image", f"/v2/images/{image_id}/locations", json=body)
    assert answer.status_code == 202, answer.text
    return image_id


def delete_image(nova: Client, image_id: str) -> str:
    answer = nova.delete("image", f"/v2/images/{image_id}")
    assert answer.status_code in (204, 404), answer.text
    return image_id


def nothing(_nova: Client) -> str:
    return ""


SCENARIOS = {
    "image-import": Scenario(queued, download, delete_image),
    "image-location": Scenario(queued, locate, delete_image),
    "server-create": Scenario(nothing, create),
    "server-delete": Scenario(active, delete),
    "server-start": Scenario(stopped, act("os-start")),
    "server-stop": Scenario(active, act("os-stop")),
    "server-reboot": Scenario(active, act("reboot", type="HARD")),
    "server-pause": Scenario(active, act("pause")),
    "server-unpause": Scenario(paused, act("unpause")),
    "server-suspend": Scenario(active, act("suspend")),
    "server-resume": Scenario(suspended, act("resume")),
    "server-rebuild": Scenario(active, rebuild),
    "server-image": Scenario(active, act("createImage", name="copy"), delete_with_images),
    "server-backup": Scenario(
        active, act("createBackup", name="copy", backup_type="daily", rotation=1), delete_with_images
    ),
    "server-attach-interface": Scenario(active, attach),
    "server-detach-interface": Scenario(active, detach),
    **{name: Scenario(*parts, delete_volume) for name, parts in VOLUME_SCENARIOS.items()},
}
