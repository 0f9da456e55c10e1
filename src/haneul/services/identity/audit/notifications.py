"""Notifications of audit records as Keystone's listeners know them, in CADF and in basic form.

Source: Keystone's "Event notifications" and the payloads that it writes. Of a record's details nothing is told but what
these forms have a word for.
"""

import socket
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any
from uuid import UUID, uuid5

from haneul.kernel.ids import is_uuid_like, new_uuid
from haneul.services.identity.audit.models import AuditRecord
from haneul.services.identity.audit.surroundings import Surroundings
from haneul.services.identity.config import IdentitySettings

PUBLISHER = f"identity.{socket.gethostname()}"
LOGIN = "authenticate"
ACCOUNT = "service/security/account/user"
IDS = UUID("4332ecab-770b-4288-a680-b9aca3b1b153")
"""Where Keystone derives the ids of initiators whose own aren't UUIDs."""

TYPES: Mapping[str, str] = MappingProxyType(
    {
        **{
            name: f"data/security/{name}"
            for name in ("group", "project", "role", "domain", "region", "endpoint", "service", "policy")
        },
        "user": "data/security/account/user",
        "role_assignment": ACCOUNT,
        "OS-TRUST:trust": "data/security/trust",
        "application_credential": "data/security/credential",
    }
)
ASSIGNMENT = ("project", "domain", "user", "group", "inherited_to_projects", "role")
"""What listeners learn of a role assignment."""
ACTOR = ("actor_id", "actor_type", "actor_operation")
"""What basic listeners learn of who was put into a group or taken out."""

Notification = tuple[str, dict[str, Any]]


def notifications(record: AuditRecord, around: Surroundings, settings: IdentitySettings) -> Iterator[Notification]:
    """Event types and payloads of what is to be told of a record.

    Logins that succeeded, or have come half-way, are told if the settings say so, those that failed always. Logins and
    role assignments have no basic form: Keystone writes CADF for them under both settings.
    """
    if record.action == LOGIN and record.outcome != "failure" and not settings.notify_logins:
        return
    wanted = settings.notification_format
    if wanted in ("basic", "both") and record.action != LOGIN and record.resource != "role_assignment":
        yield _event_type(record), _basic(record)
        if wanted == "basic":
            return
    yield _event_type(record), _cadf(record, around)


def _event_type(record: AuditRecord) -> str:
    return f"identity.{LOGIN}" if record.action == LOGIN else f"identity.{record.resource}.{record.action}"


def _basic(record: AuditRecord) -> dict[str, Any]:
    told = {name: record.details[name] for name in ACTOR if name in record.details}
    global_id = record.initiator.get("global_request_id")
    return {
        "resource_info": record.target_id,
        **told,
        "request_id": record.request_id,
        **({"global_request_id": global_id} if global_id else {}),
    }


def _cadf(record: AuditRecord, around: Surroundings) -> dict[str, Any]:
    is_login = record.action == LOGIN
    return {
        "typeURI": "http://schemas.dmtf.org/cloud/audit/1.0/event",
        "eventType": "activity",
        "id": new_uuid(),
        "eventTime": record.moment.strftime("%Y-%m-%dT%H:%M:%S.%f+0000"),
        "action": LOGIN if is_login else f"{record.action}.{record.resource}",
        "outcome": record.outcome,
        "observer": {"typeURI": "service/security", "id": around.service_id or new_uuid()},
        "initiator": _initiator(record, around),
        "target": {
            "typeURI": ACCOUNT if is_login else TYPES.get(record.resource, "unknown"),
            "id": record.target_id or new_uuid(),
        },
        **_particulars(record),
    }


def _particulars(record: AuditRecord) -> dict[str, Any]:
    """What stands beside the parts that every event has."""
    found: dict[str, Any] = {}
    if record.resource == "role_assignment":
        found = {name: record.details[name] for name in ASSIGNMENT if name in record.details}
    elif record.action != LOGIN:
        found = {"resource_info": record.target_id}
    if reason := record.details.get("reason"):
        found["reason"] = {"reasonType": str(reason), "reasonCode": str(record.details.get("reason_code", 401))}
    return found


def _initiator(record: AuditRecord, around: Surroundings) -> dict[str, Any]:
    known, name = record.initiator, around.names.get(record.user_id)
    host = {"address": known.get("address"), "agent": known.get("agent")}
    told = {
        "typeURI": ACCOUNT,
        "id": _initiator_id(record.user_id),
        "host": {word: value for word, value in host.items() if value},
        "user_id": record.user_id,
        "project_id": known.get("project_id"),
        "domain_id": known.get("domain_id"),
        "request_id": record.request_id,
        "global_request_id": known.get("global_request_id"),
        "name": name,
        "username": name,
    }
    return {word: value for word, value in told.items() if value}


def _initiator_id(user_id: str) -> str:
    if not user_id:
        return new_uuid()
    return user_id if is_uuid_like(user_id) else uuid5(IDS, user_id).hex
