"""One of everything that says how volumes shall be: types, their encryption, QoS specs, defaults, group types."""

from typing import Any

from tests.support.cloud import Client


def volume_type_stage(admin: Client, project_id: str) -> dict[str, str]:
    """Furnish block storage with types; the ids that stand in paths."""
    cinder = admin.with_headers(OpenStack_API_Version="volume 3.71")
    specs = {"multiattach": "<is> True"}
    kind = _made(cinder, "types", "volume_type", {"name": "fast", "description": "On flash", "extra_specs": specs})
    qos = _made(cinder, "qos-specs", "qos_specs", {"name": "slow", "consumer": "both", "read_iops_sec": "9"})
    taken = cinder.get("block-storage", f"/v3/qos-specs/{qos['id']}/associate", params={"vol_type_id": kind["id"]})
    assert taken.status_code == 202, taken.text
    encryption = {"provider": "luks", "control_location": "front-end", "cipher": "aes-xts-plain64", "key_size": 256}
    sealed = _made(cinder, "types", "volume_type", {"name": "sealed"})
    _made(cinder, f"types/{sealed['id']}/encryption", "encryption", encryption)
    default = {"default_type": {"volume_type": kind["id"]}}
    assert cinder.put("block-storage", f"/v3/default-types/{project_id}", json=default).status_code == 200
    _made(cinder, "group_types", "group_type", {"name": "steady", "description": "At once", "group_specs": {"a": "b"}})
    return {"volume_type_id": sealed["id"], "qos_spec_id": qos["id"]}


def _made(cinder: Client, path: str, noun: str, wanted: dict[str, Any]) -> dict[str, Any]:
    answer = cinder.post("block-storage", f"/v3/{path}", json={noun: wanted})
    assert answer.status_code in (200, 202), answer.text
    found: dict[str, Any] = answer.json()[noun]
    return found
