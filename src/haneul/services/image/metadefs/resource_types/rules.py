"""The rules of resource types, which namespaces and properties ask too."""

from haneul.kernel.policy import Rule
from haneul.services.image.metadefs.access import ADMIN, READER

LIST = Rule("list_metadef_resource_types", READER, "List resource types.")
GET = Rule("get_metadef_resource_type", READER, "Show with which resource types a namespace is associated.")
ADD = Rule("add_metadef_resource_type_association", ADMIN, "Associate a resource type with a namespace.")
REMOVE = Rule("remove_metadef_resource_type_association", ADMIN, "Take a resource type from a namespace.")
