from typing import Annotated, Any

from haneul.kernel.http import Call, Routes
from haneul.kernel.policy import Rule
from haneul.kernel.schema import Meta
from haneul.services.block_storage.base_rules import ADMIN
from haneul.services.block_storage.config import BlockStorageSettings
from haneul.services.block_storage.hosts import logic
from haneul.services.block_storage.hosts.schemas import HostQuery, HostView, Resources, ResourcesView, Switched
from haneul.services.block_storage.services.logic import is_up

PATH = "/v3/os-hosts"
RULE = Rule("volume_extension:hosts", ADMIN, "List, show, enable and disable hosts.")
TOTAL = "(total)"
Settings = Annotated[dict[str, Any], Meta(max_length=16)]


def routes_with(settings: BlockStorageSettings) -> Routes:
    routes = Routes()

    @routes.get(PATH, rule=RULE, wraps="hosts")
    def list_hosts(call: Call, query: HostQuery) -> list[HostView]:
        call.enforce()
        return [HostView.of(one, is_up=is_up(one, settings)) for one in logic.enabled(call.db, query.zone)]

    return routes


routes = Routes()


@routes.get(PATH + "/{host_name}", rule=RULE, wraps="host")
def show_host(call: Call, host_name: str) -> list[ResourcesView]:
    call.enforce()
    found, total = logic.amounts(call.db, host_name), logic.Amounts()
    for amounts in found.values():
        total.add(amounts)
    return [_view(host_name, project, amounts) for project, amounts in {TOTAL: total, **found}.items()]


@routes.put(PATH + "/{host_name}", rule=RULE)
def update_host(call: Call, host_name: str, body: Settings) -> Switched | dict[str, str]:
    call.enforce()
    state = logic.switch(call.db, host_name, body)
    return Switched(host=host_name, status=state) if state else {}


def _view(host: str, project: str, amounts: logic.Amounts) -> ResourcesView:
    return ResourcesView(
        resource=Resources(
            host=host,
            project=project,
            volume_count=str(amounts.volumes),
            total_volume_gb=str(amounts.volumes_gb),
            snapshot_count=str(amounts.snapshots),
            total_snapshot_gb=str(amounts.snapshots_gb),
        )
    )
