from typing import Annotated, Literal

from haneul.kernel.schema import Meta, StrictBody, Text255, Uuid, View
from haneul.services.block_storage.services.models import StorageService

Truth = bool | Annotated[str, Meta(max_length=8)]
Number = int | Annotated[str, Meta(pattern=r"^[0-9]*\Z", max_length=11)]


class Cleanup(StrictBody):
    """Whose unfinished work: of services that are down, unless `is_up` says otherwise."""

    cluster_name: Text255 | None = None
    host: Text255 | None = None
    binary: Literal["cinder-volume", "cinder-scheduler"] | None = None
    is_up: Truth | None = None
    disabled: Truth | None = None
    service_id: Number | None = None
    resource_id: Uuid | None = None
    resource_type: Annotated[str, Meta(max_length=40)] | None = None


class WorkerView(View):
    id: int
    host: str
    binary: str
    cluster_name: str | None = None

    @classmethod
    def of(cls, service: StorageService) -> "WorkerView":
        return cls(id=service.number, host=service.host, binary=service.binary)


class CleanedView(View):
    cleaning: list[WorkerView]
    unavailable: list[WorkerView]
