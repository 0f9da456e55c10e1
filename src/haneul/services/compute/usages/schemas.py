from haneul.kernel.schema import UNSET, OpenBody, UnsetType, View


class UsageQuery(OpenBody):
    """`detailed` is 1 for all that a list can tell."""

    start: str | UnsetType = UNSET
    end: str | UnsetType = UNSET
    detailed: str = "0"


class ServerUsage(View):
    """How long one server has run in the period, and how large it was."""

    instance_id: str
    name: str
    tenant_id: str
    flavor: str
    hours: float
    vcpus: int
    memory_mb: int
    local_gb: int
    started_at: str
    ended_at: str | None
    state: str
    uptime: int


class Usage(View):
    """The sum of a project's servers: their sizes times their hours."""

    tenant_id: str
    start: str
    stop: str
    total_hours: float
    total_vcpus_usage: float
    total_memory_mb_usage: float
    total_local_gb_usage: float
    server_usages: list[ServerUsage] | UnsetType = UNSET
