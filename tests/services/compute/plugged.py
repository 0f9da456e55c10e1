"""What the tests of servers' NICs share: networks, and servers on them."""

from typing import Any

from tests.services.compute.test_servers import create, reaches, shown
from tests.support.cloud import Client
from tests.support.hosts import eventually

Interface = dict[str, Any]


def network(client: Client, name: str, cidr: str, **more: Any) -> str:
    """A network with one subnet; its id."""
    network_id: str = made(client, "network", name=name, **more)["id"]
    made(client, "subnet", network_id=network_id, cidr=cidr, ip_version=6 if ":" in cidr else 4)
    return network_id


def made(client: Client, noun: str, **wanted: Any) -> dict[str, Any]:
    """A resource of the network that was created."""
    answer = client.post("network", f"/v2.0/{noun.replace('_', '-')}s", json={noun: wanted})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()[noun]
    return found


def port(client: Client, port_id: str) -> dict[str, Any] | None:
    """The port; None once there is none."""
    answer = client.get("network", f"/v2.0/ports/{port_id}")
    return dict(answer.json()["port"]) if answer.status_code == 200 else None


def active_on(nova: Client, flavor: str, image: str, name: str, *networks: str) -> str:
    """A server that runs, with a NIC on each of these networks; its id."""
    asked: Any = [{"uuid": one} for one in networks] or "none"
    server_id = create(nova, flavor, image, name, networks=asked)
    reaches(nova, server_id, "ACTIVE")
    return server_id


def interfaces(nova: Client, server_id: str) -> list[Interface]:
    answer = nova.get("compute", f"/v2.1/servers/{server_id}/os-interface")
    assert answer.status_code == 200, answer.text
    found: list[Interface] = answer.json()["interfaceAttachments"]
    return found


def attach(nova: Client, server_id: str, **wanted: Any) -> Interface:
    answer = nova.post("compute", f"/v2.1/servers/{server_id}/os-interface", json={"interfaceAttachment": wanted})
    assert answer.status_code == 200, answer.text
    found: Interface = answer.json()["interfaceAttachment"]
    return found


def detach(nova: Client, server_id: str, port_id: str) -> None:
    answer = nova.delete("compute", f"/v2.1/servers/{server_id}/os-interface/{port_id}")
    assert answer.status_code == 202, answer.text


def refused(nova: Client, server_id: str, status: int, **wanted: Any) -> str:
    """The sentence with which one more interface is refused."""
    answer = nova.post("compute", f"/v2.1/servers/{server_id}/os-interface", json={"interfaceAttachment": wanted})
    assert answer.status_code == status, answer.text
    (error,) = answer.json().values()
    return str(error["message"])


def actions(nova: Client, server_id: str, name: str) -> list[dict[str, Any]]:
    """What was done with a server by this name, newest first, once all of it has ended."""
    path = f"/v2.1/servers/{server_id}/os-instance-actions"

    def look() -> list[dict[str, Any]] | None:
        found = nova.get("compute", path).json()["instanceActions"]
        whole = [
            nova.get("compute", f"{path}/{one['request_id']}").json()["instanceAction"]
            for one in found
            if one["action"] == name
        ]
        ended = all(event["finish_time"] for one in whole for event in one["events"])
        return whole if ended and all(one["events"] for one in whole) else None

    return eventually(look)  # type: ignore[return-value]


def addresses(nova: Client, server_id: str) -> dict[str, list[str]]:
    found: Any = shown(nova, server_id)["addresses"]
    return {name: [one["addr"] for one in of_network] for name, of_network in found.items()}
