from haneul.kernel.db import Db
from haneul.services.placement.usages.queries import COUNTS, OF_PROJECT, OF_PROVIDER
from haneul.services.placement.usages.schemas import UsageQuery

UNKNOWN = "unknown"


def of_provider(db: Db, provider_id: str) -> dict[str, int]:
    """What is used of each of a provider's resource classes."""
    return {row.resource_class: row.used for row in db.all(OF_PROVIDER, provider_id=provider_id)}


def of_project(db: Db, wanted: UsageQuery) -> dict[str, int]:
    """What a project (or one of its users) uses of each resource class."""
    found: dict[str, int] = {}
    for row in db.all(OF_PROJECT, project_id=wanted.project_id, user_id=wanted.user_id):
        found[row.resource_class] = found.get(row.resource_class, 0) + row.used
    return found


def by_type(db: Db, wanted: UsageQuery) -> dict[str, dict[str, int]]:
    """The same by type of consumer, with the number of consumers; all together under `all` if that is asked for."""
    owner = {"project_id": wanted.project_id, "user_id": wanted.user_id}
    found: dict[str, dict[str, int]] = {}
    for row in db.all(OF_PROJECT, **owner):
        usage = found.setdefault(_key(row.type, wanted), {})
        usage[row.resource_class] = usage.get(row.resource_class, 0) + row.used
    for count in db.all(COUNTS, **owner):
        usage = found.get(_key(count.type, wanted), {})
        usage["consumer_count"] = usage.get("consumer_count", 0) + count.consumers
    asked = wanted.consumer_type
    return {name: usage for name, usage in found.items() if asked in ("", name)}


def _key(consumer_type: str | None, wanted: UsageQuery) -> str:
    return "all" if wanted.consumer_type == "all" else consumer_type or UNKNOWN
