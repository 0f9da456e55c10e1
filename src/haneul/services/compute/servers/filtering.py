"""A list's query as filters. Source: Compute API reference, "List Servers"."""

import re
from typing import Any

from msgspec import UNSET

from haneul.kernel.db.listing import Where
from haneul.kernel.errors import BadRequest
from haneul.kernel.http import Call
from haneul.kernel.policy import Rule
from haneul.services.compute.servers.logic import moment_of
from haneul.services.compute.servers.rules import ALL_FILTERS
from haneul.services.compute.servers.schemas import ServerFilters
from haneul.services.compute.servers.views import BUSY_STATUSES, STATUSES

VM_STATES = {status: state for state, status in STATUSES.items()}
BUSY = {status: [states for states, its in BUSY_STATUSES.items() if its == status] for status in BUSY_STATUSES.values()}
EQUAL = {
    "image": "image_id",
    "flavor": "flavor_id",
    "reservation_id": "reservation_id",
    "key_name": "key_name",
    "uuid": "id",
    "vm_state": "vm_state",
    "task_state": "task_state",
    "user_id": "user_id",
    "host": "host",
    "availability_zone": "zone",
    "hostname": "hostname",
}
ADMINS_ONLY = ("host", "user_id", "task_state", "vm_state", "power_state", "deleted", "availability_zone", "hostname")
LONGEST = 255
MOST_FREEDOMS = 3
ATOM = r"(?:[^\\()\[\]{}|+?*^$.]|\.|\\[^\w\s]|\[\^?[\w.:@ ]+(?:-[\w.:@ ]+)*-?\])"
EXPRESSION = re.compile(rf"\^?(?:{ATOM}[*+?]?)*\$?")
REPEATED = re.compile(r"(?<!\\)[*+?]")
FALSE = ("0", "false", "f", "no", "n", "off")
TRUE = ("1", "true", "t", "yes", "y", "on", "")


def filters_of(call: Call, query: ServerFilters, all_projects: Rule) -> dict[str, Any]:
    """The filters that the caller may use; others are passed over, as Nova does."""
    free = call.allows(ALL_FILTERS, call.caller)
    found: dict[str, Any] = {}
    for name, column in EQUAL.items():
        value = getattr(query, name)
        if value is not UNSET and (free or name not in ADMINS_ONLY):
            found[column] = value
    found |= _project(call, query, all_projects) | _states(query) | _moments(query)
    if query.name is not UNSET:
        found["name"] = like(str(query.name), "name")
    if query.locked is not UNSET and call.at_least("2.73"):
        found["is_locked"] = truth(str(query.locked), "locked")
    if free and query.power_state is not UNSET:
        found["power_state"] = _number(str(query.power_state), "power_state")
    return found | _deleted(query, found, free=free)


def _project(call: Call, query: ServerFilters, all_projects: Rule) -> dict[str, Any]:
    if query.all_tenants is UNSET or not truth(str(query.all_tenants), "all_tenants"):
        return {"project_id": call.caller.project_id or ""}
    call.enforce(call.caller, rule=all_projects)
    named = query.project_id if query.project_id is not UNSET else query.tenant_id
    return {} if named is UNSET else {"project_id": named}


def _states(query: ServerFilters) -> dict[str, Any]:
    if query.status is UNSET:
        return {}
    names = [name.upper() for name in query.status]
    plain = [VM_STATES[name] for name in names if name in VM_STATES]
    busy = [states for name in names for states in BUSY.get(name, ())]
    found: dict[str, Any] = {"vm_state": [*plain, *(vm_state for vm_state, _ in busy)] or ["none"]}
    if busy and not plain:
        found["task_state"] = [task_state for _, task_state in busy]
    return found


def _moments(query: ServerFilters) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if query.changes_since is not UNSET:
        found["changed_since"] = Where("gte", moment_of(str(query.changes_since), "changes-since"))
    if query.changes_before is not UNSET:
        found["changed_before"] = Where("lte", moment_of(str(query.changes_before), "changes-before"))
    return found


def _deleted(query: ServerFilters, found: dict[str, Any], *, free: bool) -> dict[str, Any]:
    """Living servers only, unless changes or deleted ones are asked for."""
    if query.deleted is not UNSET and free:
        return {"is_deleted": truth(str(query.deleted), "deleted")}
    if "changed_since" in found or "changed_before" in found:
        return {}
    return {"is_deleted": "deleted" in found.get("vm_state", ()) and free}


def truth(text: str, name: str) -> bool:
    """A query's yes or no; BadRequest for any other word."""
    word = text.strip().lower()
    if word not in (*TRUE, *FALSE):
        raise BadRequest("Invalid input for query parameters {name}. Value: {value}.", name=name, value=text[:100])
    return word in TRUE


def _number(text: str, name: str) -> int:
    if not re.fullmatch(r"\d{1,4}", text):
        raise BadRequest("Invalid input for query parameters {name}. Value: {value}.", name=name, value=text[:100])
    return int(text)


def like(pattern: str, field: str) -> Where:
    """Nova filters by regular expressions; understood is what no value makes a database think about for long.

    That is single characters, escapes and sets, few of them repeated; groups and alternatives are refused. Where there
    are but anchors, `.` and `.*`, a LIKE does it, which databases know best.
    """
    if len(pattern) > LONGEST or not _is_expression(pattern) or _freedoms(pattern) > MOST_FREEDOMS:
        raise BadRequest(
            "Invalid filter field: {field}. Only ^, $, ., sets, escaped punctuation marks, and few of *, + and ? are "
            "understood in it.",
            field=field,
        )
    body = pattern.removeprefix("^").removesuffix("$")
    if re.search(r"[\\\[+?]|(?<!\.)\*", body):
        return Where("regexp", pattern)
    like = body.replace("%", r"\%").replace("_", r"\_").replace(".*", "%").replace(".", "_")
    return Where("like", ("" if pattern.startswith("^") else "%") + like + ("" if pattern.endswith("$") else "%"))


def _is_expression(pattern: str) -> bool:
    try:
        return bool(EXPRESSION.fullmatch(pattern) and re.compile(pattern))
    except re.error:
        # A set from z to a.
        return False


def _freedoms(pattern: str) -> int:
    """How many places of the pattern may be anywhere in a name: the work of matching grows with that power."""
    body = pattern.removeprefix("^").removesuffix("$").removesuffix(".*")
    begins_anywhere = not pattern.startswith("^") or body.startswith(".*")
    return begins_anywhere + len(REPEATED.findall(body.removeprefix(".*")))
