"""Small worlds to follow packets in: guests' ports on networks, a router, an external network, all of them rows."""

import itertools
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from tests.clients.openstack_cli import OpenStackCli
from tests.services.network.routed import add_subnet, asked, changed, made, shown, subnet
from tests.support.cloud import Client, RunningCloud
from tests.support.hosts import eventually

from haneul.cli.trace.follow import Followed, Wanted, follow
from haneul.cli.trace.values import Hop
from haneul.kernel.db import Db
from haneul.services.network.placements.models import placements

Thing = dict[str, Any]
HOST = "host-1"
PUBLIC = "172.24.4.0/24"
MACHINE = "172.24.4.1"
_numbers = itertools.count(1)


class Town:
    """A network with a guest's port `web`, a router with a gateway, and a group that lets ssh and pings in."""

    def __init__(self, cloud: RunningCloud, admin: Client, public_id: str) -> None:
        self.cloud, self.admin, self.public_id = cloud, admin, public_id
        self.number = next(_numbers)
        self.cli = OpenStackCli(cloud)
        self.group = made_group(admin)
        self.let("tcp", 22)
        self.let("icmp")
        self.subnet = subnet(admin, f"10.{self.number}.0.0/24")
        self.web = self.port(self.subnet)
        self.router: Thing = {}

    @property
    def address(self) -> str:
        """That of web."""
        return str(self.web["fixed_ips"][0]["ip_address"])

    def let(self, protocol: str, port: int | None = None, **more: object) -> Thing:
        """One more rule of the group, inwards unless it is said otherwise."""
        rule = {"direction": "ingress", "security_group_id": self.group, "protocol": protocol, **more}
        if port is not None:
            rule |= {"port_range_min": port, "port_range_max": port}
        body = {"security_group_rule": rule}
        answer = asked(self.admin, "POST", "/v2.0/security-group-rules", body)
        assert answer.status_code == 201, answer.text
        found: Thing = answer.json()["security_group_rule"]
        return found

    def port(self, inside: Thing, host: str = HOST, **more: object) -> Thing:
        """A guest's port, once its host has made it."""
        fields = {
            "network_id": inside["network_id"],
            "device_owner": "compute:nova",
            "device_id": "a-played-guest",
            "binding:host_id": host,
            "security_groups": [self.group],
            **more,
        }
        port = made(self.admin, "port", **fields)
        if port["binding:vif_type"] == "bridge":
            self.becomes("port", port["id"], "ACTIVE" if port["admin_state_up"] else "DOWN")
        return port

    def routed(self, **more: object) -> "Town":
        """With a router to the outside."""
        self.router = made(self.admin, "router", **{"external_gateway_info": {"network_id": self.public_id}, **more})
        self.join(self.subnet)
        return self

    def join(self, inside: Thing) -> None:
        """A leg of the router, once it is made."""
        port_id = add_subnet(self.admin, self.router["id"], inside["id"])["port_id"]
        self.becomes("port", port_id, "ACTIVE" if self.router["admin_state_up"] else "DOWN")

    def floating(self, **more: object) -> str:
        """The address of a floating IP; web's unless it is said otherwise."""
        fields = {"floating_network_id": self.public_id, "port_id": self.web["id"], **more}
        found = made(self.admin, "floatingip", **fields)
        self.last_floating = found["id"]
        return str(found["floating_ip_address"])

    def becomes(self, noun: str, thing_id: str, status: str) -> None:
        eventually(lambda: shown(self.admin, noun, thing_id)["status"] == status)

    def change(self, noun: str, thing_id: str, **wanted: object) -> None:
        changed(self.admin, noun, thing_id, **wanted)

    def follow(self, source: str, to: str, tcp: int | None = 22, **more: Any) -> Followed:
        """The packet's way, as it is now."""
        wanted = Wanted(source=source, destination=to, protocol="tcp" if tcp else "icmp", port=tcp, **more)
        # A port on one host changes what its network's other hosts have to make.
        eventually(lambda: not self.cloud.cloud.store.read(_unmade))
        return self.cloud.cloud.store.read(lambda db: follow(db, None, wanted))

    def dropped(self, source: str, to: str, tcp: int | None = 22, **more: Any) -> Hop:
        """Where it is dropped, which must be the end of its way, with a command that helps."""
        followed = self.follow(source, to, tcp, **more)
        assert followed.drop is not None, followed.hops
        assert followed.hops[-1] is followed.drop
        assert followed.drop.fix.startswith(("openstack ", "haneul ", "curl "))
        return followed.drop

    def mend(self, drop: Hop) -> None:
        """Type what the trace says that helps."""
        for command in drop.fix.split("; "):
            program, _, rest = command.partition(" ")
            assert program == "openstack", command
            said = self.cli.run(rest)
            assert said.code == 0, f"{command}: {said.err}"

    def passes(self, source: str, to: str, tcp: int | None = 22, **more: Any) -> Followed:
        """It comes to arrive, as soon as the hosts have made what was changed."""

        def arrived() -> Followed | None:
            found = self.follow(source, to, tcp, **more)
            waits = any(hop.text.startswith("The newest change") for hop in found.hops)
            return found if found.drop is None and not waits else None

        return eventually(arrived)  # type: ignore[return-value]

    def is_mended(self, drop: Hop, source: str, to: str, tcp: int | None = 22, **more: Any) -> None:
        """What the trace says helps, and does."""
        self.mend(drop)
        self.passes(source, to, tcp, **more)


def made_group(client: Client) -> str:
    answer = asked(client, "POST", "/v2.0/security-groups", {"security_group": {"name": "town"}})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["security_group"]["id"])


def _unmade(db: Db) -> Sequence[Any]:
    return db.tuples(select(placements.c.id).where(placements.c.generation != placements.c.observed_generation))
