"""The rules of everything that makes the catalog, under Keystone's names."""

from haneul.kernel.policy import Rule
from haneul.services.identity.base_rules import CLOUD_WIDE

READER = "rule:admin_required or (role:reader and system_scope:all)"
ADMIN = "rule:admin_required"


def readers(name: str, description: str) -> Rule:
    """A rule for administrators, and for who reads the whole system."""
    return Rule(f"identity:{name}", READER, description, scope_types=CLOUD_WIDE)


def admins(name: str, description: str) -> Rule:
    """A rule for administrators alone."""
    return Rule(f"identity:{name}", ADMIN, description, scope_types=CLOUD_WIDE)
