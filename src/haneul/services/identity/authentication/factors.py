"""Which methods a user must prove himself by, if he has rules on that. Source: Keystone's multi-factor rules."""

from collections.abc import Set

from haneul.services.identity.users.models import User


def suffices(user: User, proved: Set[str], known: Set[str]) -> bool:
    """Whether the proved methods fulfil one of the user's rules.

    Rules of which no method is known bind nobody: a change of configuration must not lock users out.
    """
    rules = _rules(user, known)
    return not rules or any(proved >= rule for rule in rules)


def still_required(user: User, proved: Set[str], known: Set[str]) -> list[list[str]]:
    """The rules that the proved methods have begun to fulfil."""
    return [sorted(rule) for rule in _rules(user, known) if rule & proved]


def _rules(user: User, known: Set[str]) -> list[Set[str]]:
    if user.options.get("multi_factor_auth_enabled", True) is False:
        return []
    written = user.options.get("multi_factor_auth_rules") or []
    return [rule for one in written if (rule := set(one) & known)]
