from typing import Annotated, Literal

from haneul.kernel.clock import iso_bare
from haneul.kernel.schema import UNSET, Meta, OpenBody, Since, StrictBody, UnsetType, View
from haneul.services.compute.hosts.logic import is_alive
from haneul.services.compute.hosts.models import ComputeService
from haneul.services.compute.words import HostName

Word = Annotated[str, Meta(min_length=1, max_length=255)]


class ServiceQuery(OpenBody):
    host: str | UnsetType = UNSET
    binary: str | UnsetType = UNSET


class ServiceUpdate(StrictBody):
    status: Literal["enabled", "disabled"] | UnsetType = UNSET
    disabled_reason: Word | UnsetType = UNSET
    forced_down: bool | UnsetType = UNSET


class Named(StrictBody):
    """Before 2.53 a service is named by its host and binary, and the path says what to do with it."""

    host: HostName
    binary: Word
    disabled_reason: Word | UnsetType = UNSET
    forced_down: Annotated[bool | UnsetType, Since("2.11")] = UNSET


class ServiceView(View):
    """`id` is a number before 2.53."""

    id: int | str
    binary: str
    host: str
    zone: str
    status: str
    state: str
    updated_at: str
    disabled_reason: str | None
    forced_down: Annotated[bool, Since("2.11")]

    @classmethod
    def of(cls, service: ComputeService, zone: str, *, is_numbered: bool) -> "ServiceView":
        return cls(
            id=service.number if is_numbered else service.id,
            binary=service.binary,
            host=service.host,
            zone=zone,
            status=status_of(service),
            state=state_of(service),
            updated_at=iso_bare(service.seen_at),
            disabled_reason=service.disabled_reason,
            forced_down=service.is_forced_down,
        )


def status_of(service: ComputeService) -> str:
    return "disabled" if service.is_disabled else "enabled"


def state_of(service: ComputeService) -> str:
    return "up" if is_alive(service) else "down"
