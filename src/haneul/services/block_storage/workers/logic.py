"""Which services a request for cleaning up means.

Work here is journalled and goes on by itself wherever it stopped: there is nothing left over that could be cleaned.
"""

from haneul.kernel.db import Db
from haneul.kernel.errors import BadRequest
from haneul.services.block_storage.config import BlockStorageSettings
from haneul.services.block_storage.services import logic as services
from haneul.services.block_storage.services.models import StorageService
from haneul.services.block_storage.workers.schemas import Cleanup
from haneul.services.block_storage.yes_no import truth

KINDS = ("Volume", "Snapshot")


def asked(db: Db, wanted: Cleanup, settings: BlockStorageSettings) -> tuple[list[StorageService], list[StorageService]]:
    """The services that are asked to clean up, and those that can't be; BadRequest for what can't be cleaned up."""
    if wanted.resource_type and wanted.resource_type.title() not in KINDS:
        raise BadRequest(
            "Invalid input received: Resource type {given} not valid, must be {valid}",
            given=wanted.resource_type.title(),
            valid=" or ".join(KINDS),
        )
    if wanted.resource_id and not (wanted.host or wanted.cluster_name or wanted.service_id):
        raise BadRequest(
            "Invalid input received: There is no resource with UUID {id} pending cleanup.", id=wanted.resource_id
        )
    meant = [one for one in services.list_(db) if _is_meant(one, wanted, settings)]
    is_up = [services.is_up(one, settings) for one in meant]
    up = [one for one, up in zip(meant, is_up, strict=True) if up]
    return up, [one for one in meant if one not in up]


def _is_meant(service: StorageService, wanted: Cleanup, settings: BlockStorageSettings) -> bool:
    should_be_up = truth(wanted.is_up, "is_up") if wanted.is_up is not None else False
    disabled = truth(wanted.disabled, "disabled") if wanted.disabled is not None else service.is_disabled
    return (
        not wanted.cluster_name
        and (not wanted.host or services.is_of(service, wanted.host))
        and wanted.binary in (None, service.binary)
        and (not wanted.service_id or int(wanted.service_id) == service.number)
        and services.is_up(service, settings) == should_be_up
        and service.is_disabled == disabled
    )
