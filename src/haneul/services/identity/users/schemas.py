from typing import Annotated, Any

from haneul.kernel.clock import iso_bare
from haneul.kernel.schema import UNSET, Meta, OpenBody, StrictBody, UnsetType, View
from haneul.services.identity.schemas import Description, Id, Links, Name255, Password, link
from haneul.services.identity.users.models import User

Method = Annotated[str, Meta(max_length=255)]
FactorRule = Annotated[list[Method], Meta(min_length=1, max_length=16)]
FactorRules = Annotated[list[FactorRule], Meta(max_length=64)]


class UserOptions(StrictBody):
    """What a user is spared, or may not do, or must do. Null takes an option away.

    With `lock_password` only an administrator changes the user's password. `multi_factor_auth_rules` are lists of
    methods; with `multi_factor_auth_enabled` all those of some list are needed to log in.
    """

    ignore_change_password_upon_first_use: bool | None | UnsetType = UNSET
    ignore_password_expiry: bool | None | UnsetType = UNSET
    ignore_lockout_failure_attempts: bool | None | UnsetType = UNSET
    ignore_user_inactivity: bool | None | UnsetType = UNSET
    lock_password: bool | None | UnsetType = UNSET
    multi_factor_auth_enabled: bool | None | UnsetType = UNSET
    multi_factor_auth_rules: FactorRules | None | UnsetType = UNSET

    def __post_init__(self) -> None:
        rules = self.multi_factor_auth_rules
        if isinstance(rules, list) and (_repeats(rules) or any(_repeats(rule) for rule in rules)):
            raise ValueError("Rules on several factors, and the methods of one rule, may not be repeated")


def _repeats(found: list[Any]) -> bool:
    return any(one in found[:index] for index, one in enumerate(found))


class UserCreate(OpenBody):
    name: Name255
    domain_id: Id | None = None
    default_project_id: Id | None = None
    enabled: bool = True
    password: Password | None | UnsetType = UNSET
    options: UserOptions = UserOptions()
    description: Description | None | UnsetType = UNSET
    federated: list[dict[str, Any]] | UnsetType = UNSET


class UserUpdate(OpenBody):
    name: Name255 | UnsetType = UNSET
    domain_id: Id | UnsetType = UNSET
    default_project_id: Id | None | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    password: Password | None | UnsetType = UNSET
    options: UserOptions | UnsetType = UNSET
    description: Description | None | UnsetType = UNSET
    federated: list[dict[str, Any]] | UnsetType = UNSET


class PasswordChange(OpenBody):
    password: Password
    original_password: Password


class UserFilters(OpenBody):
    domain_id: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    enabled: str | UnsetType = UNSET
    password_expires_at: list[str] | UnsetType = UNSET
    idp_id: str | UnsetType = UNSET
    protocol_id: str | UnsetType = UNSET
    unique_id: str | UnsetType = UNSET


class UserView(View):
    id: str
    name: str
    domain_id: str
    enabled: bool
    options: dict[str, Any]
    password_expires_at: str | None
    links: Links
    default_project_id: str | UnsetType = UNSET

    @classmethod
    def of(cls, user: User, url: str) -> "UserView":
        """`url` is where the collection stands."""
        expires_at = user.password_expires_at
        return cls(
            id=user.id,
            name=user.name,
            domain_id=user.domain_id,
            enabled=user.enabled,
            options=user.options,
            password_expires_at=None if expires_at is None else iso_bare(expires_at),
            links=link(url, user.id),
            default_project_id=UNSET if user.default_project_id is None else user.default_project_id,
        )
