"""What can go wrong, by Cinder's numbers and in its words."""

from collections.abc import Mapping
from types import MappingProxyType

from haneul.kernel.operations import Fault

ACTIONS: Mapping[str, str] = MappingProxyType(
    {
        "001": "schedule allocate volume",
        "002": "attach volume",
        "003": "copy volume to image",
        "004": "update attachment",
        "005": "copy image to volume",
        "006": "unmanage volume",
        "007": "extend volume",
        "008": "create volume from backend storage",
        "009": "create snapshot",
        "010": "delete snapshot",
        "011": "update snapshot",
        "012": "update snapshot metadata",
        "013": "create backup",
        "014": "delete backup",
        "015": "restore backup",
        "016": "reimage volume",
    }
)
UNKNOWN = "001"
DETAILS: Mapping[str, str] = MappingProxyType(
    {
        UNKNOWN: "An unknown error occurred.",
        "002": "Driver is not initialized at present.",
        "003": "Could not find any available weighted backend.",
        "004": "Failed to upload volume to image at backend.",
        "006": "Not enough quota resource for operation.",
        "010": "Volume Driver failed to extend volume.",
        "012": "Driver failed to create the volume.",
        "013": "Snapshot failed to create.",
        "016": "Snapshot failed to delete.",
        "020": "Backup driver failed to create backup.",
        "021": "Failed to attach volume.",
        "025": "Backup driver failed to delete backup.",
        "026": "Backup driver failed to restore backup.",
        "028": "Compute service failed to reimage volume.",
    }
)
CHOOSING = ("001", "003")
OPERATIONS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "volume-create": ("008", "012"),
        "volume-extend": ("007", "010"),
        "volume-upload": ("003", "004"),
        "volume-attach": ("002", "021"),
        "volume-reimage": ("016", "028"),
        "snapshot-create": ("009", "013"),
        "snapshot-delete": ("010", "016"),
        "backup-create": ("013", "020"),
        "backup-delete": ("014", "025"),
        "backup-restore": ("015", "026"),
    }
)
"""What was being done, and why it failed if the host refused it, by operations' names."""


def event_of(operation: str, fault: Fault) -> tuple[str, str] | None:
    """The action and the detail of a failed operation; None for one that Cinder has no message for."""
    if fault.kind == "NoValidBackend":
        return CHOOSING
    known = OPERATIONS.get(operation)
    if known is None:
        return None
    action, refused = known
    return action, {"HostRefused": refused, "OverQuota": "006"}.get(fault.kind, UNKNOWN)


def in_words(action: str, detail: str) -> str:
    return f"{ACTIONS.get(action, 'unknown action')}:{DETAILS.get(detail, DETAILS[UNKNOWN])}"
