import msgspec

from haneul.kernel.clock import iso_bare
from haneul.kernel.schema import OpenBody, View
from haneul.services.block_storage.services.models import StorageService


class HostQuery(OpenBody):
    zone: str = ""


class HostView(View):
    """A service and where it runs."""

    host_name: str
    service: str
    zone: str
    status: str = msgspec.field(name="service-status")
    state: str = msgspec.field(name="service-state")
    last_update: str = msgspec.field(name="last-update")

    @classmethod
    def of(cls, service: StorageService, *, is_up: bool) -> "HostView":
        return cls(
            host_name=service.host,
            service=service.binary,
            zone=service.zone,
            status="available" if is_up else "unavailable",
            state="enabled",
            last_update=iso_bare(service.seen_at),
        )


class Resources(View):
    """What a project has in a back end, all of it for the project `(total)`; Cinder writes numbers as texts."""

    host: str
    project: str
    volume_count: str
    total_volume_gb: str
    snapshot_count: str
    total_snapshot_gb: str


class ResourcesView(View):
    resource: Resources


class Switched(View):
    host: str
    status: str
