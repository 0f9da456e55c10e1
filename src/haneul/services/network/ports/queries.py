"""Reading ports, and what stands around them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, bindparam, select

from haneul.kernel.db import Db, Query, by, columns_of
from haneul.kernel.db.among import among
from haneul.kernel.db.listing import Clause, Listing
from haneul.services.network.networks.models import networks
from haneul.services.network.ports.addresses import OF_PORTS, of_port
from haneul.services.network.ports.models import FixedIp, Port, PortGroup, fixed_ips, port_groups, ports
from haneul.services.network.tags import logic as tags

MANY = 500
BY_ID = by(Port, ports, "id")
OF_DEVICE = by(Port, ports, "device_id")
OF_MAC = by(Port, ports, "network_id", "mac_address")
OF_NETWORK = by(Port, ports, "network_id")
OF_IDS = Query(Port, columns_of(Port, ports).where(among(ports.c.id, "ids")))
OF_DEVICES = Query(
    Port,
    columns_of(Port, ports).where(among(ports.c.device_id, "ids")).order_by(ports.c.created_at, ports.c.id),
)
ON_HOST_OF_NETWORK = (
    select(ports.c.id)
    .where(ports.c.host == bindparam("host"), ports.c.network_id == bindparam("network_id"))
    .where(ports.c.vif_type == "bridge")
)
GROUPS_OF = select(port_groups.c.port_id, port_groups.c.security_group_id).where(among(port_groups.c.port_id, "ids"))
GROUPS_OF_ONE = by(PortGroup, port_groups, "port_id")
COLUMNS = (
    "id",
    "project_id",
    "name",
    "description",
    "network_id",
    "mac_address",
    "admin_state_up",
    "status",
    "device_id",
    "device_owner",
    "port_security_enabled",
    "revision_number",
    "dns_name",
)
LISTING = Listing(
    Port,
    ports,
    filters={
        **{name: ports.c[name] for name in COLUMNS},
        "binding:host_id": ports.c.host,
        "binding:vif_type": ports.c.vif_type,
        "binding:vnic_type": ports.c.vnic_type,
    },
    sorts={
        name: ports.c[name]
        for name in (*COLUMNS, "created_at", "updated_at")
        if name not in ("port_security_enabled", "description")
    },
    default_sort=(("id", "asc"),),
)


def groups_of(db: Db, ids: Sequence[str]) -> Mapping[str, list[str]]:
    """The security groups of ports, by port id."""
    if len(ids) == 1:
        return {ids[0]: groups_of_one(db, ids[0])}
    found: dict[str, list[str]] = defaultdict(list)
    for start in range(0, len(ids), MANY):
        for port_id, group_id in db.tuples(GROUPS_OF, ids=ids[start : start + MANY]):
            found[port_id].append(group_id)
    return found


def groups_of_one(db: Db, port_id: str) -> list[str]:
    return [one.security_group_id for one in db.all(GROUPS_OF_ONE, port_id=port_id)]


def addresses_of(db: Db, ids: Sequence[str]) -> Mapping[str, list[FixedIp]]:
    """The addresses of ports in their order, by port id."""
    if len(ids) == 1:
        return {ids[0]: of_port(db, ids[0])}
    found: dict[str, list[FixedIp]] = defaultdict(list)
    for start in range(0, len(ids), MANY):
        for fixed in db.all(OF_PORTS, ids=ids[start : start + MANY]):
            found[fixed.port_id].append(fixed)
    return found


def fixed_ips_clauses(words: Sequence[str]) -> list[Clause]:
    """The conditions of `fixed_ips=ip_address=10.0.0.2` and `fixed_ips=subnet_id=...`; values of a kind are or-ed."""
    asked: dict[str, list[str]] = defaultdict(list)
    for word in words:
        name, _, value = word.partition("=")
        asked[name].append(value)
    return [clause for name, values in asked.items() if (clause := _address_clause(name, values)) is not None]


def _address_clause(name: str, values: list[str]) -> Clause | None:
    columns = {"ip_address": fixed_ips.c.address, "subnet_id": fixed_ips.c.subnet_id}
    parameter = f"fixed_{name}"

    def build() -> ColumnElement[bool]:
        if name == "ip_address_substr":
            held = fixed_ips.c.address.contains(bindparam(parameter), autoescape=False)
        else:
            held = columns[name].in_(bindparam(parameter, expanding=True))
        return ports.c.id.in_(select(fixed_ips.c.port_id).where(held))

    if name == "ip_address_substr":
        return Clause("fixed substr", build, {parameter: values[-1].replace("%", "").replace("_", "")})
    return Clause(f"fixed {name}", build, {parameter: values}) if name in columns else None


def clauses(parameters: Mapping[str, Sequence[str]]) -> list[Clause]:
    """The conditions of a list's query that are no columns."""
    found = tags.clauses(parameters, "ports", ports)
    found += fixed_ips_clauses(parameters.get("fixed_ips", ()))
    if "security_groups" in parameters:
        found.append(group_clause(parameters["security_groups"]))
    return found


def group_clause(group_ids: Sequence[str]) -> Clause:
    """The condition of ports that have one of these security groups."""

    def build() -> ColumnElement[bool]:
        named = among(port_groups.c.security_group_id, "of_groups")
        return ports.c.id.in_(select(port_groups.c.port_id).where(named))

    return Clause("of groups", build, {"of_groups": list(group_ids)})


def owned_clause(project_id: str) -> Clause:
    """The condition of ports that a project may see: its own, and those of networks that it owns."""

    def build() -> ColumnElement[bool]:
        mine = select(networks.c.id).where(networks.c.project_id == bindparam("port_viewer"))
        return (ports.c.project_id == bindparam("port_viewer")) | ports.c.network_id.in_(mine)

    return Clause("owned", build, {"port_viewer": project_id}, is_bound=True)
