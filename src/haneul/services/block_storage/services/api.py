from typing import Any

from haneul.kernel.errors import BadRequest
from haneul.kernel.http import Call, Routes
from haneul.kernel.policy import Rule
from haneul.services.block_storage.base_rules import ADMIN
from haneul.services.block_storage.config import BlockStorageSettings
from haneul.services.block_storage.services import logic, logs
from haneul.services.block_storage.services.models import StorageService
from haneul.services.block_storage.services.schemas import (
    BackendNamed,
    Failover,
    LogAsk,
    LogLevels,
    LogOrder,
    Named,
    NamedWithReason,
    ServiceQuery,
    ServiceView,
    Switched,
    view,
)

PATH = "/v3/os-services"
LIST = Rule("volume_extension:services:index", ADMIN, "List block storage's services on all hosts.")
UPDATE = Rule("volume_extension:services:update", ADMIN, "Enable or disable a service, or set its log levels.")
FREEZE = Rule("volume:freeze_host", ADMIN, "Freeze a back end.")
THAW = Rule("volume:thaw_host", ADMIN, "Thaw a back end.")
FAILOVER = Rule("volume:failover_host", ADMIN, "Fail a back end over to its replica.")


def _named(call: Call, body: Named) -> tuple[StorageService, str]:
    """The service that a body names, and its host as the client wrote it."""
    if not body.host:
        raise BadRequest("Invalid input received: Host field is missing.")
    if not body.binary and not body.service:
        raise BadRequest("Invalid input for field/attribute body: 'binary' is a required property.")
    return logic.find(call.db, body.binary or body.service, body.host), body.host


def _backend(call: Call, body: BackendNamed) -> StorageService:
    """The back end that a body names, both rules about it enforced; none belongs to a cluster here."""
    call.enforce()
    call.enforce(rule=UPDATE)
    cluster = body.cluster if call.at_least("3.26") else None
    if bool(cluster) == bool(body.host):
        missing = "One and only one of cluster and host must be set."
        raise BadRequest("Invalid input received: " + (missing if call.at_least("3.26") else "Host field is missing."))
    if cluster:
        raise BadRequest("No service found with cluster={cluster}", cluster=cluster)
    return logic.backend(call.db, body.host or "")


def _switched(body: Named, host: str, *, disabled: bool, **further: Any) -> Switched:
    status = "disabled" if disabled else "enabled"
    return Switched(host=host, service=body.service, binary=body.binary, status=status, disabled=disabled, **further)


def routes_with(settings: BlockStorageSettings, host: str) -> Routes:
    """`host` is the machine that control runs on."""
    routes = Routes()

    @routes.get(PATH, rule=LIST, wraps="services")
    def list_services(call: Call, query: ServiceQuery) -> list[ServiceView]:
        call.enforce()
        return [
            view(one, is_up=logic.is_up(one, settings), is_usable=logic.is_usable(one, settings))
            for one in logic.list_(call.db)
            if (not query.host or logic.is_of(one, query.host)) and query.binary in ("", one.binary)
        ]

    @routes.put(PATH + "/get-log", rule=UPDATE, wraps="log_levels", body_wraps="", since="3.32")
    def get_log_levels(call: Call, body: LogAsk) -> list[LogLevels]:
        call.enforce()
        return logs.told(call.db, body, host, settings)

    @routes.put(PATH + "/set-log", rule=UPDATE, status=202, since="3.32")
    def set_log_levels(call: Call, body: LogOrder) -> None:
        call.enforce()
        logs.order(call.db, body, host, settings)

    return routes


routes = Routes()


@routes.put(PATH + "/enable", rule=UPDATE)
def enable_service(call: Call, body: Named) -> Switched:
    call.enforce()
    service, host = _named(call, body)
    logic.enable(call.db, service)
    return _switched(body, host, disabled=False, disabled_reason=None)


@routes.put(PATH + "/disable", rule=UPDATE)
def disable_service(call: Call, body: Named) -> Switched:
    call.enforce()
    service, host = _named(call, body)
    logic.disable(call.db, service)
    return _switched(body, host, disabled=True)


@routes.put(PATH + "/disable-log-reason", rule=UPDATE)
def disable_service_with_reason(call: Call, body: NamedWithReason) -> Switched:
    call.enforce()
    service, host = _named(call, body)
    logic.disable(call.db, service, body.disabled_reason.strip())
    return _switched(body, host, disabled=True, disabled_reason=body.disabled_reason)


@routes.put(PATH + "/freeze", rule=FREEZE)
def freeze_host(call: Call, body: BackendNamed) -> None:
    logic.freeze(call.db, _backend(call, body))


@routes.put(PATH + "/thaw", rule=THAW)
def thaw_host(call: Call, body: BackendNamed) -> None:
    logic.thaw(call.db, _backend(call, body))


@routes.put(PATH + "/failover_host", rule=FAILOVER, status=202)
def failover_host(call: Call, body: Failover) -> None:
    logic.refuse_failover(_backend(call, body))


@routes.put(PATH + "/failover", rule=FAILOVER, status=202, since="3.26")
def failover_backend(call: Call, body: Failover) -> None:
    logic.refuse_failover(_backend(call, body))
