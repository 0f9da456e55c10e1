"""What users let programs do in their name: one of each thing, for tests that look at every list."""

from tests.support.cloud import Client


def delegation_stage(admin: Client, user_id: str) -> None:
    """An application credential of the caller's own with an access rule."""
    wanted = {
        "name": "nightly",
        "description": "Backups by night.",
        "expires_at": "2099-01-31T00:00:00Z",
        "access_rules": [{"service": "compute", "method": "GET", "path": "/v2.1/servers"}],
    }
    path = f"/v3/users/{user_id}/application_credentials"
    answer = admin.post("identity", path, json={"application_credential": wanted})
    assert answer.status_code == 201, answer.text
