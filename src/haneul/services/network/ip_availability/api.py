from collections.abc import Sequence

from haneul.kernel.http import Call, Listed, Routes
from haneul.kernel.policy import Rule
from haneul.services.network.base_rules import ADMIN_OR_SERVICE
from haneul.services.network.ip_availability import logic
from haneul.services.network.ip_availability.logic import Availability
from haneul.services.network.ip_availability.schemas import NetworkAvailabilityView, SubnetAvailabilityView, number
from haneul.services.network.lists import answered, asked
from haneul.services.network.networks import logic as networks
from haneul.services.network.networks.models import Network
from haneul.services.network.owners import refuse_unseen, sees_list

GET = Rule("get_network_ip_availability", ADMIN_OR_SERVICE, "Show how many addresses networks have.")

routes = Routes()


@routes.get("/v2.0/network-ip-availabilities", rule=GET, wraps="network_ip_availabilities")
def list_network_ip_availabilities(call: Call) -> Listed[NetworkAvailabilityView]:
    if not sees_list(call):
        return Listed(items=[])
    wanted = asked(call, logic.LISTING, beside=("ip_version",))
    rows = logic.list_(call.db, wanted, call.ask.parameters)
    return answered(wanted, rows, _views(call, rows))


@routes.get("/v2.0/network-ip-availabilities/{network_id}", rule=GET, wraps="network_ip_availability")
def get_network_ip_availability(call: Call, network_id: str) -> NetworkAvailabilityView:
    refuse_unseen(call)
    return _views(call, [networks.get(call.db, network_id)])[0]


def _views(call: Call, rows: Sequence[Network]) -> list[NetworkAvailabilityView]:
    versions = logic.versions_of(call.ask.parameters)
    found = logic.of_networks(call.db, [network.id for network in rows], versions)
    return [_view(network, found[network.id]) for network in rows]


def _view(network: Network, found: Sequence[Availability]) -> NetworkAvailabilityView:
    return NetworkAvailabilityView(
        network_id=network.id,
        network_name=network.name,
        project_id=network.project_id,
        tenant_id=network.project_id,
        total_ips=number(sum(one.total for one in found)),
        used_ips=sum(one.used for one in found),
        subnet_ip_availability=[
            SubnetAvailabilityView(
                subnet_id=one.subnet.id,
                subnet_name=one.subnet.name,
                ip_version=one.subnet.ip_version,
                cidr=one.subnet.cidr,
                total_ips=number(one.total),
                used_ips=one.used,
            )
            for one in found
        ],
    )
