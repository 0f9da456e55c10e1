from datetime import datetime
from typing import Any

from sqlalchemy import Column, ForeignKey, Index, String

from haneul.kernel.db import Json, Row, Table, Text, Time

EC2 = "ec2"
TOTP = "totp"


class Credential(Row):
    """A secret of a user's that the cloud keeps for him, encrypted: a pair of EC2 keys, a certificate, the seed of
    passcodes, or anything else by a type of his own.

    `key_hash` names the key that encrypted it. `trust_id` and `application_credential_id` are the delegation by which
    it was made, which bounds whatever is done with it, whatever its blob says.
    """

    id: str
    user_id: str
    project_id: str | None
    type: str
    encrypted_blob: str
    key_hash: str
    trust_id: str | None
    application_credential_id: str | None
    extra: dict[str, Any]
    created_at: datetime

    @property
    def is_ec2(self) -> bool:
        return is_of(EC2, self.type)


def is_of(kind: str, written: str) -> bool:
    """Whether this is how somebody writes a type that means something here; some databases compare no more exactly."""
    return written.strip().lower() == kind


credentials = Table(
    "identity_credentials",
    Column("id", String(64), primary_key=True),
    Column("user_id", String(64), ForeignKey("identity_users.id", ondelete="CASCADE"), nullable=False),
    Column("project_id", String(64), ForeignKey("identity_projects.id", ondelete="CASCADE")),
    Column("type", String(255), nullable=False),
    Column("encrypted_blob", Text, nullable=False),
    Column("key_hash", String(64), nullable=False),
    Column("trust_id", String(64)),
    Column("application_credential_id", String(64)),
    Column("extra", Json, nullable=False),
    Column("created_at", Time, nullable=False),
    Index("ix_identity_credentials_listed", "user_id", "type", "id"),
    Index("ix_identity_credentials_project_id", "project_id", "id"),
    Index("ix_identity_credentials_type", "type", "id"),
)
