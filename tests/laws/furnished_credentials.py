"""The secrets that the cloud keeps for a user: one of each kind, for tests that look at every list."""

from tests.support.cloud import Client


def credential_stage(admin: Client, user_id: str, project_id: str) -> None:
    """A certificate and a pair of EC2 keys of the caller's own."""
    wanted = {"type": "cert", "blob": "-----BEGIN CERTIFICATE-----", "user_id": user_id, "project_id": project_id}
    made = admin.post("identity", "/v3/credentials", json={"credential": wanted})
    keys = admin.post("identity", f"/v3/users/{user_id}/credentials/OS-EC2", json={"tenant_id": project_id})
    assert (made.status_code, keys.status_code) == (201, 201), made.text + keys.text
