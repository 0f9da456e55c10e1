"""The rules about volume types, under Cinder's names."""

from haneul.kernel.policy import Rule
from haneul.services.block_storage.base_rules import ADMIN, MEMBER, READER

CREATE = Rule("volume_extension:type_create", ADMIN, "Create a volume type.")
UPDATE = Rule("volume_extension:type_update", ADMIN, "Change a volume type.")
DELETE = Rule("volume_extension:type_delete", ADMIN, "Delete a volume type.")
GET = Rule("volume_extension:type_get", READER, "Show a volume type.")
LIST = Rule("volume_extension:type_get_all", READER, "List volume types.")
SEES_SPECS = Rule("volume_extension:access_types_extra_specs", READER, "See extra specs in volume types.")
SEES_ALL_SPECS = Rule(
    "volume_extension:types_extra_specs:read_sensitive", ADMIN, "See those extra specs that tell of the back ends."
)
SEES_QOS = Rule("volume_extension:access_types_qos_specs_id", ADMIN, "See which QoS specs a volume type has.")
SEES_ACCESS = Rule("volume_extension:volume_type_access", MEMBER, "See whether a volume type is public.")
