from typing import Any

from haneul.kernel.schema import UNSET, OpenBody, StrictBody, UnsetType, View
from haneul.services.identity.schemas import Id, Links, Name255, Password, link
from haneul.services.identity.users.models import User


class UserOptions(StrictBody):
    """What a user is spared, or may not do. There are no rules on ages of passwords, so the first four change nothing;
    with `lock_password` only an administrator changes the user's password."""

    ignore_change_password_upon_first_use: bool | None | UnsetType = UNSET
    ignore_password_expiry: bool | None | UnsetType = UNSET
    ignore_lockout_failure_attempts: bool | None | UnsetType = UNSET
    ignore_user_inactivity: bool | None | UnsetType = UNSET
    lock_password: bool | None | UnsetType = UNSET
    multi_factor_auth_enabled: bool | None | UnsetType = UNSET
    multi_factor_auth_rules: list[list[str]] | None | UnsetType = UNSET


class UserCreate(OpenBody):
    name: Name255
    domain_id: Id | None = None
    default_project_id: Id | None = None
    enabled: bool = True
    password: Password | None = None
    options: UserOptions = UserOptions()


class UserUpdate(OpenBody):
    name: Name255 | UnsetType = UNSET
    domain_id: Id | UnsetType = UNSET
    default_project_id: Id | None | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    password: Password | None | UnsetType = UNSET
    options: UserOptions | UnsetType = UNSET


class PasswordChange(OpenBody):
    password: Password
    original_password: Password


class UserFilters(OpenBody):
    domain_id: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    enabled: str | UnsetType = UNSET


class UserView(View):
    id: str
    name: str
    domain_id: str
    enabled: bool
    options: dict[str, Any]
    password_expires_at: None
    links: Links
    default_project_id: str | UnsetType = UNSET

    @classmethod
    def of(cls, user: User, url: str) -> "UserView":
        """`url` is where the collection stands."""
        return cls(
            id=user.id,
            name=user.name,
            domain_id=user.domain_id,
            enabled=user.enabled,
            options=user.options,
            password_expires_at=None,
            links=link(url, user.id),
            default_project_id=UNSET if user.default_project_id is None else user.default_project_id,
        )
