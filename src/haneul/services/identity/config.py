from typing import Annotated, Literal

import msgspec

DAYS_31 = 31 * 24 * 3600


class IdentitySettings(msgspec.Struct, frozen=True):
    """Identity's own settings, the section `identity`.

    `token_life_s`: how long a token lives. `token_provider`: how tokens are written, encrypted (fernet) or signed with
    ES256 (jws). `keys_active_most`: how many keys a rotation leaves in a repository. `bcrypt_cost`: each step doubles
    the CPU of a password check (12: about 0.24 s). `admin_password`: the first password of admin, made up when empty.
    `notification_format`: what listeners on the bus get of each change; `notify_logins`: whether also of logins.
    `allow_redelegated_trust` and `redelegation_depth_most`: whether and how often a trust may be passed on.
    `limit_model`: how limits of parent and child projects bind each other. `credentials_per_user_most`: how
    many credentials a user may have, None for any; `signature_life_s`: how old an EC2-signed request may be.
    """

    token_life_s: Annotated[int, msgspec.Meta(ge=1, le=DAYS_31)] = 3600
    token_provider: Literal["fernet", "jws"] = "fernet"
    keys_active_most: Annotated[int, msgspec.Meta(ge=2)] = 3
    bcrypt_cost: Annotated[int, msgspec.Meta(ge=4, le=31)] = 12
    admin_password: str = ""
    notification_format: Literal["cadf", "basic", "both", "none"] = "cadf"
    notify_logins: bool = False
    allow_redelegated_trust: bool = False
    redelegation_depth_most: Annotated[int, msgspec.Meta(ge=0, le=16)] = 3
    limit_model: Literal["flat", "strict_two_level"] = "flat"
    project_name_url_safe: Literal["off", "new"] = "off"
    domain_name_url_safe: Literal["off", "new"] = "off"
    credentials_per_user_most: Annotated[int, msgspec.Meta(ge=0)] | None = None
    signature_life_s: Annotated[int, msgspec.Meta(ge=1)] = 900


class SecurityCompliance(msgspec.Struct, frozen=True):
    """Rules on passwords and idle users, section `security_compliance`; None is no rule. Source: Keystone's options.

    `lockout_failure_attempts` wrong passwords lock a user out for `lockout_duration_s`. Users idle for
    `disable_user_account_days_inactive` may not log in. `minimum_password_age` is in days.
    `password_regex_description` is what users read of `password_regex`.
    """

    lockout_failure_attempts: Annotated[int, msgspec.Meta(ge=1)] | None = None
    lockout_duration_s: Annotated[int, msgspec.Meta(ge=1)] = 1800
    disable_user_account_days_inactive: Annotated[int, msgspec.Meta(ge=1)] | None = None
    password_expires_days: Annotated[int, msgspec.Meta(ge=1)] | None = None
    unique_last_password_count: Annotated[int, msgspec.Meta(ge=0, le=24)] = 0
    minimum_password_age: Annotated[int, msgspec.Meta(ge=0)] = 0
    password_regex: str = ""
    password_regex_description: str = ""
    change_password_upon_first_use: bool = False
