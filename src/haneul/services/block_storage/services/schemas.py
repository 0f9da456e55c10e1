from typing import Annotated

from haneul.kernel.clock import iso_bare
from haneul.kernel.schema import UNSET, Meta, OpenBody, Since, StrictBody, UnsetType, View
from haneul.services.block_storage.services.models import VOLUME, StorageService

HostName = Annotated[str, Meta(min_length=1, max_length=255, pattern=r"^[a-zA-Z0-9-._#@:/+\[\]]*\Z")]
Word = Annotated[str, Meta(max_length=255)]
Reason = Annotated[str, Meta(min_length=1, max_length=255, pattern=r"\S")]


class ServiceQuery(OpenBody):
    host: Word = ""
    binary: Word = ""


class Named(StrictBody):
    """A service by its host and its `binary`, which very old clients call `service`."""

    host: HostName | None = None
    binary: Word = ""
    service: Word = ""
    cluster: Word | None = None


class NamedWithReason(Named, frozen=True, kw_only=True):
    disabled_reason: Reason


class BackendNamed(StrictBody):
    """A back end by its host, HOST@BACKEND; a cluster from 3.26 on."""

    host: HostName | None = None
    cluster: Word | None = None


class Failover(BackendNamed, frozen=True):
    backend_id: Word | None = None


class LogAsk(StrictBody):
    """Whose log levels: a binary, or all for an empty name or `*`; on one `server`; of loggers that start so."""

    binary: Annotated[str, Meta(pattern=r"^(|\*|cinder-(api|scheduler|volume|backup))\Z")] = ""
    server: Word | None = None
    prefix: Word | None = None


class LogOrder(LogAsk, frozen=True):
    level: Word | None = None


class LogLevels(View):
    """The levels of a service's loggers, by their names."""

    host: str
    binary: str
    levels: dict[str, str]


class Switched(View):
    """What has become of a service."""

    host: str
    service: str
    binary: str
    status: str
    disabled: bool
    disabled_reason: str | None | UnsetType = UNSET


class ServiceView(View):
    """A service; the last four fields are a back end's."""

    binary: str
    host: str
    zone: str
    status: str
    state: str
    updated_at: str
    disabled_reason: str | None
    cluster: Annotated[str | None, Since("3.7")] = None
    backend_state: Annotated[str | None | UnsetType, Since("3.49")] = UNSET
    replication_status: str | UnsetType = UNSET
    active_backend_id: str | None | UnsetType = UNSET
    frozen: bool | UnsetType = UNSET


def view(service: StorageService, *, is_up: bool, is_usable: bool) -> ServiceView:
    """The service's body."""
    is_backend = service.binary == VOLUME
    working = "down" if service.error else "up"
    return ServiceView(
        binary=service.binary,
        host=service.host,
        zone=service.zone,
        status="disabled" if service.is_disabled else "enabled",
        state="up" if is_up else "down",
        updated_at=iso_bare(service.seen_at),
        disabled_reason=service.disabled_reason,
        backend_state=(working if is_usable else None) if is_backend else UNSET,
        replication_status="disabled" if is_backend else UNSET,
        active_backend_id=None if is_backend else UNSET,
        frozen=service.is_frozen if is_backend else UNSET,
    )
