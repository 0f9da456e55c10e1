"""Who may do what with volumes, under Cinder's names."""

from haneul.kernel.policy import Rule
from haneul.services.block_storage.base_rules import ADMIN, MEMBER, READER

CREATE = Rule("volume:create", MEMBER, "Create a volume.")
CREATE_FROM_IMAGE = Rule("volume:create_from_image", MEMBER, "Create a volume of an image.")
GET = Rule("volume:get", READER, "Show a volume.")
LIST = Rule("volume:get_all", READER, "List volumes.")
UPDATE = Rule("volume:update", MEMBER, "Change a volume's name and description.")
DELETE = Rule("volume:delete", MEMBER, "Delete a volume.")
FORCE_DELETE = Rule("volume:force_delete", ADMIN, "Delete a volume in whatever state it is.")
SEES_PROJECT = Rule("volume_extension:volume_tenant_attribute", READER, "See a volume's project.")
SEES_HOST = Rule("volume_extension:volume_host_attribute", ADMIN, "See where a volume lies.")
SEES_MIGRATION = Rule("volume_extension:volume_mig_status_attribute", ADMIN, "See how a volume's migration goes.")
SEES_IMAGE = Rule("volume_extension:volume_image_metadata:show", READER, "See what a volume has of its image.")
