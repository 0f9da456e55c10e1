"""What compute's quotas limit, with Nova's defaults."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

DEFAULTS = MappingProxyType(
    {
        "instances": 10,
        "cores": 20,
        "ram": 51200,
        "floating_ips": -1,
        "fixed_ips": -1,
        "metadata_items": 128,
        "injected_files": 5,
        "injected_file_content_bytes": 10240,
        "injected_file_path_bytes": 255,
        "security_groups": -1,
        "security_group_rules": -1,
        "key_pairs": 100,
        "server_groups": 10,
        "server_group_members": 10,
    }
)
NETWORK = frozenset({"fixed_ips", "floating_ips", "security_group_rules", "security_groups"})
SERVICE = "compute"
REGISTERED: Mapping[str, str] = MappingProxyType(
    {
        "instances": "servers",
        "cores": "class:VCPU",
        "ram": "class:MEMORY_MB",
        "metadata_items": "server_metadata_items",
        "injected_files": "server_injected_files",
        "injected_file_content_bytes": "server_injected_file_content_bytes",
        "injected_file_path_bytes": "server_injected_file_path_bytes",
        "key_pairs": "server_key_pairs",
        "server_groups": "server_groups",
        "server_group_members": "server_group_members",
    }
)
"""By what names limits of these are registered with identity, as Nova's unified limits are."""
OF_PROJECTS = ("instances", "cores", "ram")
"""What is registered for all, and of which a project may have a limit of its own; of the rest all have the same."""
INJECTED = frozenset({"injected_files", "injected_file_content_bytes", "injected_file_path_bytes"})
GROUPS = frozenset({"server_groups", "server_group_members"})


def shown(*hidden: Iterable[str]) -> list[str]:
    """The resources in their order, without those that a version of the API does not show."""
    left_out = {name for names in hidden for name in names}
    return [name for name in DEFAULTS if name not in left_out]
