"""The network API of a cloud of its own processes, as an admin uses it, and a cloud for tests of networks alone."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.support.hosts import eventually
from tests.support.tree import PATIENCE_S, Tree, tree_in_tmp

Thing = dict[str, Any]
SETTLED_S = 15.0
NOWHERE_IMAGE = "00000000-0000-0000-0000-000000000000"


class NetworkApi:
    """Makes things, waits for them, and takes all away again in the order in which that can go."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree

    def ask(self, method: str, path: str, body: object = None) -> Thing:
        """One request, which must be granted."""
        answer = self.tree.call(method, 9696, f"/v2.0{path}", body)
        assert answer.status_code < 300, f"{method} {path}: {answer.text}"
        return answer.json() if answer.content else {}

    def make(self, kind: str, **fields: object) -> Thing:
        made: Thing = self.ask("POST", f"/{_path(kind)}", {kind: fields})[kind]
        return made

    def change(self, kind: str, thing_id: str, **fields: object) -> Thing:
        changed: Thing = self.ask("PUT", f"/{_path(kind)}/{thing_id}", {kind: fields})[kind]
        return changed

    def show(self, kind: str, thing_id: str) -> Thing:
        found: Thing = self.ask("GET", f"/{_path(kind)}/{thing_id}")[kind]
        return found

    def listed(self, kind: str, **wanted: str) -> list[Thing]:
        query = "&".join(f"{name}={value}" for name, value in wanted.items())
        found: list[Thing] = self.ask("GET", f"/{_path(kind)}?{query}")[f"{kind}s"]
        return found

    def delete(self, kind: str, thing_id: str) -> None:
        answer = self.tree.call("DELETE", 9696, f"/v2.0/{_path(kind)}/{thing_id}")
        assert answer.status_code in (204, 404), answer.text

    def subnet(self, network: Thing, cidr: str, **more: object) -> Thing:
        version = 6 if ":" in cidr else 4
        return self.make("subnet", network_id=network["id"], ip_version=version, cidr=cidr, **more)

    def port_on(self, host: str, network: Thing, **more: object) -> Thing:
        """A guest's port on this host, once it is plugged there."""
        made = self.make("port", network_id=network["id"], **{"binding:host_id": host, **GUESTS, **more})
        return self.becomes("port", made["id"], "ACTIVE")

    def becomes(self, kind: str, thing_id: str, status: str) -> Thing:
        def look() -> Thing | None:
            found = self.show(kind, thing_id)
            return found if found["status"] == status else None

        return eventually(look, PATIENCE_S)  # type: ignore[return-value]

    def attach(self, router: Thing, subnet: Thing) -> None:
        self.ask("PUT", f"/routers/{router['id']}/add_router_interface", {"subnet_id": subnet["id"]})

    def detach(self, router: Thing, subnet: Thing) -> None:
        self.ask("PUT", f"/routers/{router['id']}/remove_router_interface", {"subnet_id": subnet["id"]})

    def outside(self) -> Thing:
        """The external network that `up` made."""
        return self.listed("network", **{"router:external": "true"})[0]

    def routed(self, subnet: Thing, **more: object) -> Thing:
        """A router between this subnet and the outside."""
        gateway = {"network_id": self.outside()["id"]}
        router = self.make("router", external_gateway_info=gateway, **more)
        self.attach(router, subnet)
        return router

    def floating_ip(self, port: Thing) -> Thing:
        """A floating IP of the port's, once it works."""
        made = self.make("floatingip", floating_network_id=self.outside()["id"], port_id=port["id"])
        return self.becomes("floatingip", made["id"], "ACTIVE")

    def group(self, *rules: Thing, **more: object) -> Thing:
        """A security group that lets these in, beside the rules that every group begins with."""
        made = self.make("security_group", name="group", **more)
        for rule in rules:
            self.let(made, **rule)
        return made

    def let(self, group: Thing, **rule: object) -> Thing:
        """One more rule of a group, inwards."""
        fields = {"direction": "ingress", "ethertype": "IPv4", "security_group_id": group["id"], **rule}
        made: Thing = self.ask("POST", "/security-group-rules", {"security_group_rule": fields})["security_group_rule"]
        return made

    def clear(self) -> None:
        """Delete all that there is but the outside, whoever made it."""
        for router in self.listed("router"):
            self._delete_router(router["id"])
        for kind in ("floatingip", "port"):
            for thing in self.listed(kind):
                if not thing.get("device_owner", "").startswith("network:"):
                    self.delete(kind, thing["id"])
        for network in self.listed("network", **{"router:external": "false"}):
            self.delete("network", network["id"])
        for group in self.listed("security_group"):
            if group["name"] != "default":
                self.delete("security_group", group["id"])

    def _delete_router(self, router_id: str) -> None:
        for floating in self.listed("floatingip", router_id=router_id):
            self.delete("floatingip", floating["id"])
        for port in self.listed("port", device_id=router_id):
            if port["device_owner"] == "network:router_interface":
                self.ask("PUT", f"/routers/{router_id}/remove_router_interface", {"port_id": port["id"]})
        self.delete("router", router_id)

    def clean(self) -> None:
        """Delete all that was made, and see that no host has any of it left."""
        self.clear()
        wrong = self.tree.audit()
        deadline = time.monotonic() + SETTLED_S
        while wrong and time.monotonic() < deadline:
            wrong = self.tree.audit()
        assert wrong == []


GUESTS = {"device_owner": "compute:nova", "device_id": "a-played-guest"}


def _path(kind: str) -> str:
    return f"{kind.replace('_', '-')}s"


@contextmanager
def cloud_of_networks(*words: str, **environment: str) -> Iterator[Tree]:
    """A cloud that is up and has no image, which nobody needs to play guests."""
    with tree_in_tmp(*words, **environment) as tree:
        seeded = tree.state / "tree" / "seeded.json"
        seeded.parent.mkdir(parents=True)
        seeded.write_text(json.dumps({"image_id": NOWHERE_IMAGE, "done": True}))
        tree.up()
        yield tree
