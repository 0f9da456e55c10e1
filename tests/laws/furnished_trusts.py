"""A trust of the caller's in himself, for tests that look at every list."""

from tests.support.cloud import Client


def trust_stage(admin: Client, user_id: str, project_id: str) -> None:
    """One that ends, may be passed on and delegates a role."""
    wanted = {
        "trustor_user_id": user_id,
        "trustee_user_id": user_id,
        "project_id": project_id,
        "impersonation": True,
        "roles": [{"name": "admin"}],
        "expires_at": "2099-01-01T00:00:00.000000Z",
        "allow_redelegation": True,
    }
    made = admin.post("identity", "/v3/OS-TRUST/trusts", json={"trust": wanted})
    assert made.status_code == 201, made.text
