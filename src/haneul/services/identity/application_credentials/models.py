from datetime import datetime

from sqlalchemy import Boolean, Column, ForeignKey, Index, String, UniqueConstraint

from haneul.kernel.db import Row, Table, Text, Time


class ApplicationCredential(Row):
    """A secret by which a program acts for its user on one project, with the roles that it was given at its creation.

    With `is_unrestricted` it may make and delete further ones.
    """

    id: str
    name: str
    description: str | None
    user_id: str
    project_id: str
    secret_hash: str
    expires_at: datetime | None
    is_unrestricted: bool
    created_at: datetime


application_credentials = Table(
    "identity_application_credentials",
    Column("id", String(64), primary_key=True),
    Column("name", String(255), nullable=False),
    Column("description", Text),
    Column("user_id", String(64), ForeignKey("identity_users.id", ondelete="CASCADE"), nullable=False),
    Column("project_id", String(64), ForeignKey("identity_projects.id", ondelete="CASCADE"), nullable=False),
    Column("secret_hash", String(255), nullable=False),
    Column("expires_at", Time),
    Column("is_unrestricted", Boolean, nullable=False),
    Column("created_at", Time, nullable=False),
    UniqueConstraint("user_id", "name"),
    Index("ix_identity_application_credentials_listed", "user_id", "name", "id"),
    Index("ix_identity_application_credentials_project_id", "project_id", "user_id"),
)


class CredentialRole(Row):
    """One of the roles that an application credential was given."""

    application_credential_id: str
    role_id: str


credential_roles = Table(
    "identity_application_credential_roles",
    Column(
        "application_credential_id",
        String(64),
        ForeignKey("identity_application_credentials.id", ondelete="CASCADE", name="fk_identity_app_cred_roles_owner"),
        primary_key=True,
    ),
    Column("role_id", String(64), ForeignKey("identity_roles.id", ondelete="CASCADE"), primary_key=True),
    Index("ix_identity_application_credential_roles_role_id", "role_id"),
)


class KeptRule(Row):
    """One call that its user has once let an application credential make; any number of his credentials share it."""

    id: str
    user_id: str
    service: str
    path: str
    method: str


access_rules = Table(
    "identity_access_rules",
    Column("id", String(64), primary_key=True),
    Column("user_id", String(64), ForeignKey("identity_users.id", ondelete="CASCADE"), nullable=False),
    Column("service", String(64), nullable=False),
    Column("path", String(225), nullable=False),
    Column("method", String(16), nullable=False),
    UniqueConstraint("user_id", "service", "path", "method"),
    Index("ix_identity_access_rules_listed", "user_id", "id"),
)


class CredentialRule(Row):
    """One of the calls to which an application credential is bound; without any it may make all."""

    application_credential_id: str
    access_rule_id: str


credential_rules = Table(
    "identity_application_credential_rules",
    Column(
        "application_credential_id",
        String(64),
        ForeignKey("identity_application_credentials.id", ondelete="CASCADE", name="fk_identity_app_cred_rules_owner"),
        primary_key=True,
    ),
    Column("access_rule_id", String(64), ForeignKey("identity_access_rules.id"), primary_key=True),
    # No cascade: a credential that lost its last rule to one would be bound to nothing.
    Index("ix_identity_application_credential_rules_rule", "access_rule_id"),
)
