"""Who may see, give and take roles: an administrator any, a domain's own people those inside their domain."""

from haneul.kernel.policy import Rule
from haneul.services.identity.base_rules import CLOUD_WIDE


def _inside(role: str) -> str:
    """The caller has this role on the domain in which both actor and target stand."""
    return " or ".join(
        f"(role:{role} and domain_id:%(target.{actor}.domain_id)s and domain_id:%(target.{target})s)"
        for actor in ("user", "group")
        for target in ("project.domain_id", "domain.id")
    )


OWN_ROLE = "(domain_id:%(target.role.domain_id)s or None:%(target.role.domain_id)s)"
READER = f"(rule:admin_required) or ((role:reader and system_scope:all) or ({_inside('reader')}) and {OWN_ROLE})"
LISTER = f"(rule:admin_required) or ((role:reader and system_scope:all) or {_inside('reader')})"
GRANTER = (
    f"(rule:admin_required) or ({_inside('admin')}) and {OWN_ROLE} or ({_inside('manager')}) and "
    "rule:domain_managed_target_role"
)
SYSTEM_READER = "rule:admin_required or (role:reader and system_scope:all)"
ADMIN = "rule:admin_required"

CHECK = Rule("identity:check_grant", READER, "Check that a user or group has a role.")
LIST = Rule("identity:list_grants", LISTER, "List the roles that a user or group has.")
CREATE = Rule("identity:create_grant", GRANTER, "Give a role to a user or group.")
REVOKE = Rule("identity:revoke_grant", GRANTER, "Take a role from a user or group.")

LIST_SYSTEM = {
    "user": Rule(
        "identity:list_system_grants_for_user",
        SYSTEM_READER,
        "List a user's roles on the system.",
        scope_types=CLOUD_WIDE,
    ),
    "group": Rule(
        "identity:list_system_grants_for_group",
        SYSTEM_READER,
        "List a group's roles on the system.",
        scope_types=CLOUD_WIDE,
    ),
}
CHECK_SYSTEM = {
    "user": Rule(
        "identity:check_system_grant_for_user",
        SYSTEM_READER,
        "Check a user's role on the system.",
        scope_types=CLOUD_WIDE,
    ),
    "group": Rule(
        "identity:check_system_grant_for_group",
        SYSTEM_READER,
        "Check a group's role on the system.",
        scope_types=CLOUD_WIDE,
    ),
}
CREATE_SYSTEM = {
    "user": Rule(
        "identity:create_system_grant_for_user", ADMIN, "Give a user a role on the system.", scope_types=CLOUD_WIDE
    ),
    "group": Rule(
        "identity:create_system_grant_for_group", ADMIN, "Give a group a role on the system.", scope_types=CLOUD_WIDE
    ),
}
REVOKE_SYSTEM = {
    "user": Rule(
        "identity:revoke_system_grant_for_user", ADMIN, "Take a user's role on the system.", scope_types=CLOUD_WIDE
    ),
    "group": Rule(
        "identity:revoke_system_grant_for_group", ADMIN, "Take a group's role on the system.", scope_types=CLOUD_WIDE
    ),
}
