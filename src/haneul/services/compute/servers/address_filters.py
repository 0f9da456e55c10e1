"""A list's filters by fixed address. Source: Compute API reference, "List Servers": `ip` and `ip6` are expressions."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, bindparam, exists, or_

from haneul.kernel.db.listing import Clause, Where
from haneul.kernel.http import Call
from haneul.kernel.schema import UNSET
from haneul.services.compute.nics.models import nics
from haneul.services.compute.servers.filtering import like
from haneul.services.compute.servers.models import servers
from haneul.services.compute.servers.rules import ALL_FILTERS
from haneul.services.compute.servers.schemas import ServerFilters
from haneul.services.network import public as network

EVERYBODY_BY_IP6 = "2.5"


def clauses_of(call: Call, query: ServerFilters) -> Sequence[Clause]:
    """The condition of servers with such an address; where both versions are asked for, one of either is enough."""
    asked: dict[str, Where] = {}
    if query.ip is not UNSET:
        asked["ip"] = like(str(query.ip), "ip")
    if query.ip6 is not UNSET and (call.at_least(EVERYBODY_BY_IP6) or call.allows(ALL_FILTERS, call.caller)):
        asked["ip6"] = like(str(query.ip6), "ip6")
    if not asked:
        return ()
    name = " ".join(f"{family} {where.operator}" for family, where in asked.items())
    values = {f"at_{family}": where.value for family, where in asked.items()}
    return [Clause(name, lambda: or_(*(_has(family, where.operator) for family, where in asked.items())), values)]


def _has(family: str, operator: str) -> ColumnElement[bool]:
    def fits(address: ColumnElement[Any]) -> ColumnElement[bool]:
        wanted = bindparam(f"at_{family}", type_=address.type)
        found = address.regexp_match(wanted) if operator == "regexp" else address.like(wanted, escape="\\")
        return found & (address.contains(":") if family == "ip6" else ~address.contains(":"))

    return exists().where(nics.c.server_id == servers.c.id, network.holds_address(nics.c.port_id, fits))
