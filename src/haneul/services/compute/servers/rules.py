"""Rules on servers, under Nova's names."""

from haneul.kernel.policy import Rule

_READER = "rule:project_reader_or_admin"
_MEMBER = "rule:project_member_or_admin"
_ADMIN = "rule:context_is_admin"

LIST = Rule("os_compute_api:servers:index", _READER, "List servers.")
DETAIL = Rule("os_compute_api:servers:detail", _READER, "List servers with their details.")
ALL_PROJECTS = Rule("os_compute_api:servers:index:get_all_tenants", _ADMIN, "List servers of all projects.")
ALL_PROJECTS_DETAIL = Rule(
    "os_compute_api:servers:detail:get_all_tenants", _ADMIN, "List servers of all projects with their details."
)
ALL_FILTERS = Rule("os_compute_api:servers:allow_all_filters", _ADMIN, "Filter servers by any field.")
SHOW = Rule("os_compute_api:servers:show", _READER, "Show a server.")
EXTRA_SPECS = Rule("os_compute_api:servers:show:flavor-extra-specs", _READER, "See a server's flavor's extra specs.")
HOST_STATUS = Rule("os_compute_api:servers:show:host_status", _ADMIN, "See whether a server's host is up.")
HOST_ATTRIBUTES = Rule("os_compute_api:os-extended-server-attributes", _ADMIN, "See where a server runs.")
CREATE = Rule("os_compute_api:servers:create", _MEMBER, "Create a server.")
CREATE_ON_HOST = Rule("compute:servers:create:requested_destination", _ADMIN, "Create a server on a host of choice.")
CREATE_ON_NETWORK = Rule("os_compute_api:servers:create:attach_network", _MEMBER, "Create a server on a network.")
ATTACH_EXTERNAL = Rule("network:attach_external_network", _ADMIN, "Put a server on another project's external network.")
CREATE_ZERO_DISK = Rule(
    "os_compute_api:servers:create:zero_disk_flavor", _ADMIN, "Create a server from a flavor without a disk."
)
UPDATE = Rule("os_compute_api:servers:update", _MEMBER, "Change a server.")
DELETE = Rule("os_compute_api:servers:delete", _MEMBER, "Delete a server.")
START = Rule("os_compute_api:servers:start", _MEMBER, "Start a server.")
STOP = Rule("os_compute_api:servers:stop", _MEMBER, "Stop a server.")
REBOOT = Rule("os_compute_api:servers:reboot", _MEMBER, "Reboot a server.")
CONSOLE_OUTPUT = Rule("os_compute_api:os-console-output", _MEMBER, "Show a server's console output.")
LOCK = Rule("os_compute_api:os-lock-server:lock", _MEMBER, "Lock a server.")
UNLOCK = Rule("os_compute_api:os-lock-server:unlock", _MEMBER, "Unlock a server.")
UNLOCK_OVERRIDE = Rule(
    "os_compute_api:os-lock-server:unlock:unlock_override", _ADMIN, "Unlock a server that somebody else has locked."
)
RESET_STATE = Rule("os_compute_api:os-admin-actions:reset_state", _ADMIN, "Say of a server in which state it is.")
LIST_ACTIONS = Rule("os_compute_api:os-instance-actions:list", _READER, "List what was done with a server.")
SHOW_ACTION = Rule("os_compute_api:os-instance-actions:show", _READER, "Show what was done with a server.")
ACTION_EVENTS = Rule("os_compute_api:os-instance-actions:events", _ADMIN, "See the steps of what was done.")
ACTION_DETAILS = Rule("os_compute_api:os-instance-actions:events:details", _ADMIN, "See why a step failed.")
