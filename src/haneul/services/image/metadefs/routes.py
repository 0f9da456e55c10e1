"""Every route of metadata definitions, for the service's manifest."""

from haneul.services.image.metadefs.json_schemas import routes as json_schemas
from haneul.services.image.metadefs.namespaces.api import routes as namespaces
from haneul.services.image.metadefs.objects.api import routes as objects
from haneul.services.image.metadefs.properties.api import routes as properties
from haneul.services.image.metadefs.resource_types.api import routes as resource_types
from haneul.services.image.metadefs.tags.api import routes as tags

METADEFS = (namespaces, objects, properties, tags, resource_types, json_schemas)
