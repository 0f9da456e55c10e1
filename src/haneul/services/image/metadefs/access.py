"""Who sees which namespaces: other projects' private ones are hidden, whatever is tried with them."""

from haneul.kernel.db import Db
from haneul.kernel.errors import Forbidden, NotFound
from haneul.kernel.http import Call
from haneul.kernel.policy import Rule
from haneul.services.image.images.access import Viewer, viewer
from haneul.services.image.metadefs.namespaces.models import Namespace
from haneul.services.image.metadefs.namespaces.queries import BY_NAME

READER = "rule:context_is_admin or (role:reader and (project_id:%(project_id)s or 'public':%(visibility)s))"
ADMIN = "rule:metadef_admin"
GET = Rule("get_metadef_namespace", READER, "Show a namespace of metadata definitions.")
DELETE = Rule("delete_metadef_namespace", ADMIN, "Delete a namespace, or all of one kind in it.")
# Glance says it so where it looks for the namespace alone, and otherwise where the namespace is on the way.
MISSING = "Metadata definition namespace={namespace} was not found."
NOT_FOUND = "Namespace {namespace} not found"


def loaded(call: Call, name: str, rule: Rule | None = None, *, missing: str = NOT_FOUND) -> Namespace:
    """The namespace, under the route's rule or this one; NotFound, not Forbidden, for one that the caller can't see."""
    namespace = visible(call.db, name, viewer(call), missing)
    try:
        call.enforce(namespace, rule=rule)
    except Forbidden:
        if not call.allows(GET, namespace):
            raise NotFound(missing, namespace=name) from None
        raise
    return namespace


def enforce_own(call: Call, *further: Rule) -> None:
    """The route's rule, and these, over what the caller's project has; NotFound to who may see no namespace of it."""
    own = {"project_id": call.caller.project_id}
    try:
        call.enforce(own)
        for rule in further:
            call.enforce(own, rule=rule)
    except Forbidden:
        if not call.allows(GET, own):
            raise NotFound("The resource could not be found.") from None
        raise


def visible(db: Db, name: str, viewer: Viewer, missing: str = MISSING) -> Namespace:
    """The namespace; NotFound alike if it isn't there and if the viewer can't see it."""
    found = db.one(BY_NAME, namespace=name)
    if found is None or not _sees(found, viewer):
        raise NotFound(missing, namespace=name)
    return found


def _sees(namespace: Namespace, viewer: Viewer) -> bool:
    return viewer.is_admin or namespace.visibility == "public" or namespace.project_id == viewer.project_id
