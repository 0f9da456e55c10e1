"""Entries of the catalog that tests need, and what the audit trail says of them."""

from secrets import token_hex
from typing import Any

from tests.support.cloud import Client, RunningCloud

from haneul.kernel.db import Query, columns_of
from haneul.services.identity.audit.models import AuditRecord, audit_records

RECORDS = Query(AuditRecord, columns_of(AuditRecord, audit_records).order_by(audit_records.c.id))


def endpoint_of(admin: Client, service: dict[str, Any], **fields: Any) -> dict[str, Any]:
    body = {"service_id": service["id"], "interface": "public", "url": "http://controller:9292", **fields}
    answer = admin.post("identity", "/v3/endpoints", json={"endpoint": body})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()["endpoint"]
    return found


def region_in(admin: Client, parent_id: str | None = None) -> str:
    """The id of a new region, inside another if one is given."""
    region_id = f"region-{token_hex(4)}"
    body = {"region": {"parent_region_id": parent_id} if parent_id else {}}
    assert admin.put("identity", f"/v3/regions/{region_id}", json=body).status_code == 201
    return region_id


def records(cloud: RunningCloud, target_id: str) -> list[str]:
    """What the audit trail holds of one resource, in order: `region created`, `region deleted`."""
    found = cloud.cloud.store.read(lambda db: db.all(RECORDS))
    return [f"{record.resource} {record.action}" for record in found if record.target_id == target_id]
