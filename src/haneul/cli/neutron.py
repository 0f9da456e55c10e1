"""The `neutron` command, of which walkthroughs still type a few calls; its client is no longer made.

Each call says what the old client said, and does what the `openstack` command of today does.
"""

import json
import os
import sys
from collections.abc import Sequence
from typing import Any, NoReturn
from urllib.parse import quote

import click

from haneul.cli.bordered import table
from haneul.cli.failures import Failure
from haneul.cli.remote import RemoteClient

NETWORK = "network"
TODAY = {
    "net": "network",
    "subnet": "subnet",
    "subnetpool": "subnet pool",
    "router": "router",
    "port": "port",
    "floatingip": "floating ip",
    "security-group": "security group",
    "security-group-rule": "security group rule",
    "agent": "network agent",
    "address-scope": "address scope",
    "rbac": "network rbac",
    "quota": "quota",
    "availability-zone": "availability zone",
}
VERBS = {"list": "list", "show": "show", "create": "create", "delete": "delete", "update": "set"}


class Legacy(click.Group):
    """Names of today for the calls that are not among these."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.commands:
            raise Failure(f"`neutron {args[0]}` is not one of the calls that this command knows.", _instead(args[0]))
        return super().resolve_command(ctx, args)


def _instead(name: str) -> str:
    noun, _, verb = name.rpartition("-")
    if noun in TODAY and verb in VERBS:
        return f"`openstack {TODAY[noun]} {VERBS[verb]}` does the same."
    return "`openstack help network` shows what the client of today can do."


@click.group(cls=Legacy, context_settings={"help_option_names": ["-h", "--help"]})
@click.pass_context
def neutron(ctx: click.Context) -> None:
    """A few calls of the former network client; `openstack` does all of them."""
    ctx.obj = RemoteClient(os.environ)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command; exit code 0, 1 for what went wrong, 2 for a wrong use."""
    try:
        neutron.main(args=arguments, prog_name="neutron", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as shown:
        shown.show()
        sys.exit(2)
    except click.ClickException as wrong:
        wrong.show()
        sys.exit(wrong.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except Failure as failure:
        print("\n".join(text for text in (f"neutron: {failure}", failure.fix) if text), file=sys.stderr)
        sys.exit(1)
    sys.exit(0)


def found(client: RemoteClient, collection: str, name: str) -> dict[str, Any]:
    """The one resource with this id or name; Failure if there is none, or several."""
    for key in ("id", "name"):
        # Floating IPs have no names: a filter that isn't known would show all of them.
        items = client.get(NETWORK, f"/v2.0/{collection}?{key}={quote(name, safe='')}", collection)
        items = [item for item in items if item.get(key) == name]
        if len(items) > 1:
            raise Failure(f"Several {collection} are named {name}.", "Name the one you mean by its id.")
        if items:
            item: dict[str, Any] = items[0]
            return item
    raise Failure(f"There is no {collection.removesuffix('s')} with the name or id {name}.")


def put(client: RemoteClient, path: str, body: Any) -> Any:
    return client.request(NETWORK, "PUT", f"/v2.0/{path}", body)


def listed(client: RemoteClient, collection: str, columns: Sequence[str]) -> None:
    """Print a list with these columns."""
    items = client.get(NETWORK, f"/v2.0/{collection}", collection)
    print(table(columns, [[_shown(item.get(column)) for column in columns] for item in items]))


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return "\n".join(_shown(part) for part in value)
    return json.dumps(value) if isinstance(value, dict) else str(value)


@neutron.command("router-gateway-set")
@click.argument("router")
@click.argument("external_network")
@click.option("--disable-snat", is_flag=True, help="Do not hide inside addresses.")
@click.pass_obj
def set_gateway(client: RemoteClient, router: str, external_network: str, disable_snat: bool) -> None:
    """Put a router's gateway onto an external network."""
    gateway: dict[str, Any] = {"network_id": found(client, "networks", external_network)["id"]}
    if disable_snat:
        gateway["enable_snat"] = False
    put(client, f"routers/{found(client, 'routers', router)['id']}", {"router": {"external_gateway_info": gateway}})
    print(f"Set gateway for router {router}")


@neutron.command("router-gateway-clear")
@click.argument("router")
@click.pass_obj
def clear_gateway(client: RemoteClient, router: str) -> None:
    """Take a router's gateway away."""
    put(client, f"routers/{found(client, 'routers', router)['id']}", {"router": {"external_gateway_info": {}}})
    print(f"Removed gateway from router {router}")


def _interface(client: RemoteClient, words: str) -> dict[str, str]:
    """What `subnet=NAME`, `port=NAME` or the name of a subnet stand for."""
    kind, _, name = words.rpartition("=")
    if kind not in ("", "subnet", "port"):
        raise click.UsageError("An interface is named as SUBNET, subnet=SUBNET or port=PORT.")
    kind = kind or "subnet"
    return {f"{kind}_id": found(client, f"{kind}s", name)["id"]}


@neutron.command("router-interface-add")
@click.argument("router")
@click.argument("interface")
@click.pass_obj
def add_interface(client: RemoteClient, router: str, interface: str) -> None:
    """Join a router to a subnet, by its name or as port=PORT."""
    router_id = found(client, "routers", router)["id"]
    joined = put(client, f"routers/{router_id}/add_router_interface", _interface(client, interface))
    print(f"Added interface {joined['port_id']} to router {router}.")


@neutron.command("router-interface-delete")
@click.argument("router")
@click.argument("interface")
@click.pass_obj
def delete_interface(client: RemoteClient, router: str, interface: str) -> None:
    """Take a router's interface away."""
    router_id = found(client, "routers", router)["id"]
    put(client, f"routers/{router_id}/remove_router_interface", _interface(client, interface))
    print(f"Removed interface from router {router}.")


@neutron.command("net-list")
@click.pass_obj
def list_networks(client: RemoteClient) -> None:
    """Networks with their subnets."""
    cidrs = {subnet["id"]: subnet["cidr"] for subnet in client.get(NETWORK, "/v2.0/subnets", "subnets")}
    rows = []
    for item in client.get(NETWORK, "/v2.0/networks", "networks"):
        subnets = [f"{subnet_id} {cidrs.get(subnet_id, '')}".rstrip() for subnet_id in item["subnets"]]
        rows.append([item["id"], item["name"], item["tenant_id"], "\n".join(subnets)])
    print(table(("id", "name", "tenant_id", "subnets"), rows))


@neutron.command("subnet-list")
@click.pass_obj
def list_subnets(client: RemoteClient) -> None:
    """Subnets."""
    listed(client, "subnets", ("id", "name", "tenant_id", "cidr", "allocation_pools"))


@neutron.command("router-list")
@click.pass_obj
def list_routers(client: RemoteClient) -> None:
    """Routers."""
    listed(client, "routers", ("id", "name", "tenant_id", "external_gateway_info", "distributed", "ha"))


@neutron.command("agent-list")
@click.pass_obj
def list_agents(client: RemoteClient) -> None:
    """What of network runs on which host; a sad face is one that was long not heard of."""
    columns = ("id", "agent_type", "host", "availability_zone", "alive", "admin_state_up", "binary")
    rows = []
    for agent in client.get(NETWORK, "/v2.0/agents", "agents"):
        shown = {**agent, "alive": ":-)" if agent["alive"] else "xxx"}
        rows.append([_shown(shown.get(column)) for column in columns])
    print(table(columns, rows))


@neutron.command("floatingip-list")
@click.pass_obj
def list_floating_ips(client: RemoteClient) -> None:
    """Floating IPs, and what they stand for."""
    listed(client, "floatingips", ("id", "tenant_id", "fixed_ip_address", "floating_ip_address", "port_id"))


@neutron.command("floatingip-create")
@click.argument("external_network")
@click.option("--port-id", help="The port that it shall stand for at once.")
@click.option("--fixed-ip-address", help="Which of the port's addresses.")
@click.pass_obj
def create_floating_ip(
    client: RemoteClient, external_network: str, port_id: str | None, fixed_ip_address: str | None
) -> None:
    """Take a floating IP of an external network."""
    wanted = {"floating_network_id": found(client, "networks", external_network)["id"]}
    wanted |= {"port_id": port_id} if port_id else {}
    wanted |= {"fixed_ip_address": fixed_ip_address} if fixed_ip_address else {}
    made = client.request(NETWORK, "POST", "/v2.0/floatingips", {"floatingip": wanted})["floatingip"]
    print("Created a new floatingip:")
    print(table(("Field", "Value"), [(name, _shown(made[name])) for name in sorted(made)]))


@neutron.command("floatingip-associate")
@click.argument("floatingip_id")
@click.argument("port")
@click.option("--fixed-ip-address", help="Which of the port's addresses.")
@click.pass_obj
def associate(client: RemoteClient, floatingip_id: str, port: str, fixed_ip_address: str | None) -> None:
    """Have a floating IP stand for a port."""
    wanted = {"port_id": found(client, "ports", port)["id"]}
    wanted |= {"fixed_ip_address": fixed_ip_address} if fixed_ip_address else {}
    put(client, f"floatingips/{found(client, 'floatingips', floatingip_id)['id']}", {"floatingip": wanted})
    print(f"Associated floating IP {floatingip_id}")


@neutron.command("floatingip-disassociate")
@click.argument("floatingip_id")
@click.pass_obj
def disassociate(client: RemoteClient, floatingip_id: str) -> None:
    """Have a floating IP stand for nothing."""
    floating_ip_id = found(client, "floatingips", floatingip_id)["id"]
    put(client, f"floatingips/{floating_ip_id}", {"floatingip": {"port_id": None}})
    print(f"Disassociated floating IP {floatingip_id}")
