"""What a new password must keep to, in Keystone's sentences. Administrators are bound by the pattern alone."""

import re
from datetime import datetime, timedelta
from functools import lru_cache

from haneul.kernel.config import ConfigError
from haneul.kernel.errors import BadRequest
from haneul.services.identity.config import SecurityCompliance
from haneul.services.identity.users.models import Password, User

# Patterns with look-aheads take time that grows with the square of what they read.
MATCHED_MOST = 1024


def refuse_bad_pattern(compliance: SecurityCompliance) -> None:
    """ConfigError for a pattern that is no regular expression: better than a refusal of every password."""
    try:
        _pattern(compliance.password_regex)
    except re.error as error:
        raise ConfigError(f"[security_compliance] password_regex is no regular expression: {error}") from error


def refuse_weak(password: str | None, compliance: SecurityCompliance) -> None:
    """BadRequest unless the password is as the operator's pattern wants it."""
    if not compliance.password_regex:
        return
    if password is None:
        raise BadRequest("Password validation error: Password must be a string type.")
    if len(password) > MATCHED_MOST or not _pattern(compliance.password_regex).match(password):
        raise BadRequest(
            "The password does not match the requirements: {detail}.", detail=compliance.password_regex_description
        )


def refuse_locked(user: User) -> None:
    """BadRequest if only administrators may change this user's password."""
    if user.options.get("lock_password"):
        raise BadRequest(
            "You cannot change your password at this time due to password policy disallowing password changes. Please "
            "contact your administrator to reset your password."
        )


def refuse_young(password: Password, compliance: SecurityCompliance, moment: datetime) -> None:
    """BadRequest if the user has chosen his password himself and too lately."""
    ripe_at = password.created_at + timedelta(days=compliance.minimum_password_age)
    if password.is_self_service and moment < ripe_at:
        raise BadRequest(
            "You cannot change your password at this time due to the minimum password age. Once you change your "
            "password, it must be used for {most} day(s) before it can be changed. Please try again in {left} day(s) "
            "or contact your administrator to reset your password.",
            most=compliance.minimum_password_age,
            left=(ripe_at - moment).days,
        )


def reused(compliance: SecurityCompliance) -> BadRequest:
    """The refusal of a password that the user has had lately."""
    return BadRequest(
        "The new password cannot be identical to a previous password. The total number which includes the new password "
        "must be unique is {count}.",
        count=compliance.unique_last_password_count,
    )


@lru_cache(maxsize=8)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text)
