from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import UNSET, structs

from haneul.kernel.http import Call, Listed, Routes
from haneul.kernel.policy import Rule
from haneul.services.network.bulk import created
from haneul.services.network.field_rules import enforce_fields, enforce_new_fields, hidden_fields
from haneul.services.network.lists import TAG_FILTERS, answered, asked, fetched
from haneul.services.network.networks import logic as networks
from haneul.services.network.networks.models import Network
from haneul.services.network.owners import owner_of, viewer
from haneul.services.network.ports import asking, changes, devices, logic, queries, rules
from haneul.services.network.ports.models import Port
from haneul.services.network.ports.schemas import (
    FixedIpView,
    PortChange,
    PortCreate,
    PortCreateBody,
    PortCreatedView,
    PortUpdate,
    PortView,
    Surroundings,
    port_view,
)
from haneul.services.network.rbac import sharing
from haneul.services.network.standard import missing
from haneul.services.network.tags import logic as tags


def routes_with(domain: str) -> Routes:
    """The routes of ports, whose names end in this domain."""
    routes = Routes()

    def views(call: Call, found: Sequence[Port]) -> list[PortView]:
        """Many ports, with a few queries for what stands in other rows."""
        db, ids = call.db, [port.id for port in found]
        held, groups, words = queries.addresses_of(db, ids), queries.groups_of(db, ids), tags.of_many(db, "ports", ids)
        hidden = hidden_fields(call, rules.GET_FIELDS, call.caller)
        return [
            port_view(
                port,
                Surroundings(
                    tags=words[port.id],
                    fixed_ips=[
                        FixedIpView(subnet_id=fixed.subnet_id, ip_address=fixed.address) for fixed in held[port.id]
                    ],
                    security_groups=groups[port.id],
                    domain=domain,
                    hidden=hidden,
                ),
            )
            for port in found
        ]

    @routes.get("/v2.0/ports", rule=rules.GET, wraps="ports")
    def list_ports(call: Call) -> Listed[PortView]:
        call.enforce(call.caller)
        wanted = asked(call, queries.LISTING, beside=(*TAG_FILTERS, "fixed_ips", "security_groups"))
        clauses = queries.clauses(call.ask.parameters)
        seen = viewer(call)
        if not seen.is_admin:
            clauses.append(queries.owned_clause(seen.project_id))
        rows = fetched(call.db, queries.LISTING, wanted, clauses)
        return answered(wanted, rows, views(call, rows))

    @routes.post("/v2.0/ports", rule=rules.CREATE, lax=True, body_limit=4 << 20)
    def create_port(call: Call, body: PortCreateBody) -> PortCreatedView:
        return created(body, PortCreatedView, lambda wanted: views(call, [_create(call, wanted)])[0])

    @routes.get("/v2.0/ports/{port_id}", rule=rules.GET, wraps="port", quick=True)
    def get_port(call: Call, port_id: str) -> PortView:
        return views(call, [_seen(call, port_id)])[0]

    @routes.put("/v2.0/ports/{port_id}", rule=rules.UPDATE, wraps="port", lax=True)
    def update_port(call: Call, port_id: str, body: PortUpdate) -> PortView:
        port = _seen(call, port_id)
        call.refuse_stale(revision=port.revision_number)
        owner = networks.get(call.db, port.network_id).project_id
        _enforce_fields(call, body, port, owner, (rules.UPDATE_FIELDS, rules.UPDATE_FIXED_IPS))
        if body.device_owner is not UNSET:
            # The rule is asked of what the port is and of what it would become.
            becomes = structs.replace(port, device_owner=body.device_owner)
            call.enforce(becomes, rule=rules.UPDATE_FIELDS["device_owner"], **_of_network(owner))
        return views(call, [changes.update(call.db, port, body)])[0]

    @routes.delete("/v2.0/ports/{port_id}", rule=rules.DELETE)
    def delete_port(call: Call, port_id: str) -> None:
        port = _seen(call, port_id)
        call.refuse_stale(revision=port.revision_number)
        devices.refuse_deleting(call.db, port)
        logic.delete(call.db, port)

    return routes


def _seen(call: Call, port_id: str) -> Port:
    """The port, once the route's rule allows it: its owner's, and its network's owner's."""
    seen, port = viewer(call), logic.find(call.db, port_id)
    if port is None:
        raise missing("port", port_id)
    owner = networks.get(call.db, port.network_id).project_id
    if not seen.is_admin and seen.project_id not in (port.project_id, owner):
        raise missing("port", port_id)
    call.enforce(port, **_of_network(owner))
    return port


def _create(call: Call, wanted: PortCreate) -> Port:
    project_id = owner_of(call, wanted)
    network = _usable(call, wanted.network_id)
    target = {"project_id": project_id, "device_owner": wanted.device_owner or ""}
    call.enforce(target, **_of_network(network.project_id))
    _enforce_fields(call, wanted, target, network.project_id, (rules.CREATE_FIELDS, rules.CREATE_FIXED_IPS))
    return logic.create_bound(call.db, asking.new_port(call.db, wanted, network, project_id), wanted.host or "")


def _usable(call: Call, network_id: str) -> Network:
    """The network, if the caller may have ports on it; one that is only external to him is not there for that."""
    network, seen = networks.get(call.db, network_id, viewer(call)), viewer(call)
    if seen.is_admin or network.project_id == seen.project_id:
        return network
    if not sharing.shared_with(call.db, "network", [network_id], seen.project_id):
        raise missing("network", network_id)
    return network


def _of_network(owner: str) -> dict[str, Any]:
    return {"network:project_id": owner}


def _enforce_fields(
    call: Call,
    body: PortChange,
    target: Any,
    owner: str,
    field_rules: tuple[Mapping[str, Rule], Mapping[str, Rule]],
) -> None:
    of_body, of_fixed_ips = field_rules
    named = _of_network(owner)
    enforced = enforce_new_fields if isinstance(body, PortCreate) else enforce_fields
    enforced(call, body, of_body, target, **named)
    if not body.fixed_ips:
        return
    shared = bool(sharing.shared_with(call.db, "network", [_network_of(body, target)], call.caller.project_id or ""))
    for fixed in body.fixed_ips:
        enforce_fields(call, fixed, of_fixed_ips, target, shared=shared, **named)


def _network_of(body: PortChange, target: Any) -> str:
    return body.network_id if isinstance(body, PortCreate) else str(target.network_id)
