from collections.abc import Mapping
from typing import Any

from haneul.kernel.errors import BadRequest
from haneul.kernel.http import Call, Routes
from haneul.kernel.policy import Rule
from haneul.kernel.schema import UNSET, UnsetType, View
from haneul.services.block_storage.base_rules import ADMIN
from haneul.services.block_storage.config import BlockStorageSettings
from haneul.services.block_storage.pools import logic
from haneul.services.block_storage.volumes.scheduling import Pool
from haneul.services.block_storage.yes_no import asked_truth

LIST = Rule("scheduler_extension:scheduler_stats:get_pools", ADMIN, "List the pools of all back ends.")
OFFERED = ("name", "volume_type")


class PoolView(View):
    """A pool, HOST@BACKEND#POOL; in detail with its capabilities."""

    name: str
    capabilities: dict[str, Any] | UnsetType = UNSET


def routes_with(settings: BlockStorageSettings) -> Routes:
    routes = Routes()

    @routes.get("/v3/scheduler-stats/get_pools", rule=LIST, wraps="pools")
    def list_pools(call: Call) -> list[PoolView]:
        call.enforce()
        in_detail, filters = asked_truth(call.ask.parameters, "detail"), _filters(call)
        found = logic.usable(call.db, settings)
        if kind := filters.pop("volume_type", ""):
            found = logic.of_type(call.db, found, kind)
        views = [PoolView(name=pool.place, capabilities=logic.described(pool)) for pool in _passing(found, filters)]
        return views if in_detail else [PoolView(name=one.name) for one in views]

    return routes


def _filters(call: Call) -> dict[str, str]:
    """None before 3.28, any capability up to 3.30, and since then what is offered; BadRequest for others."""
    given = {name: values[-1] for name, values in call.ask.parameters.items() if name != "detail"}
    if not call.at_least("3.28"):
        return {}
    if call.at_least("3.31") and (wrong := [name for name in given if name not in OFFERED and name != "all_tenants"]):
        raise BadRequest("Invalid filters {names} are found in query options.", names=",".join(wrong)[:255])
    left_out = {"all_tenants"} | (set() if call.at_least("3.35") else {"volume_type"})
    return {name: text for name, text in given.items() if name not in left_out}


def _passing(found: list[Pool], filters: Mapping[str, str]) -> list[Pool]:
    others = {name: text for name, text in filters.items() if name != "name"}
    return [
        pool
        for pool in found
        if filters.get("name", pool.place) == pool.place
        and all(logic.holds(logic.described(pool), name, text) for name, text in others.items())
    ]
