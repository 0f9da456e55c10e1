"""Who may do what with snapshots, under Cinder's names."""

from haneul.kernel.policy import Rule
from haneul.services.block_storage.base_rules import ADMIN, MEMBER, READER

LIST = Rule("volume:get_all_snapshots", READER, "List snapshots.")
CREATE = Rule("volume:create_snapshot", MEMBER, "Make a snapshot of a volume.")
GET = Rule("volume:get_snapshot", READER, "Show a snapshot.")
UPDATE = Rule("volume:update_snapshot", MEMBER, "Change a snapshot's name and description.")
DELETE = Rule("volume:delete_snapshot", MEMBER, "Delete a snapshot.")
EXTENDED = Rule("volume_extension:extended_snapshot_attributes", READER, "See a snapshot's project and progress.")
RESET = Rule("volume_extension:snapshot_admin_actions:reset_status", ADMIN, "Say what state a snapshot is in.")
FORCE_DELETE = Rule(
    "volume_extension:snapshot_admin_actions:force_delete", ADMIN, "Delete a snapshot in whatever state it is."
)
UPDATE_STATUS = Rule(
    "snapshot_extension:snapshot_actions:update_snapshot_status", MEMBER, "Say how far a snapshot has come."
)
