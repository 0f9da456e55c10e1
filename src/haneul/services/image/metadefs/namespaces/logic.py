from haneul.kernel.clock import now
from haneul.kernel.db import Db, unique
from haneul.kernel.errors import Forbidden, NotFound
from haneul.kernel.ids import new_uuid
from haneul.kernel.schema import UNSET
from haneul.services.image.metadefs.definitions import NamespaceDefinition
from haneul.services.image.metadefs.namespaces.models import Namespace, namespaces
from haneul.services.image.metadefs.namespaces.queries import BY_NAME


def row_of(wanted: NamespaceDefinition, owner: str) -> Namespace:
    """The row of a new namespace; what is not said is as in Glance: private and open to deletion."""
    moment = now()
    return Namespace(
        id=new_uuid(),
        namespace=wanted.namespace,
        display_name=None if wanted.display_name is UNSET else wanted.display_name,
        description=None if wanted.description is UNSET else wanted.description,
        visibility=wanted.visibility or "private",
        protected=wanted.protected or False,
        project_id=wanted.owner or owner,
        created_at=moment,
        updated_at=moment,
    )


def create(db: Db, wanted: NamespaceDefinition, owner: str) -> Namespace:
    """Insert a namespace, as yet without contents; Conflict if there is one of that name."""
    row = row_of(wanted, owner)
    with unique("The metadata definition namespace={namespace} already exists.", namespace=row.namespace):
        return db.insert(namespaces, row)


def update(db: Db, namespace: Namespace, wanted: NamespaceDefinition, owner: str) -> Namespace:
    """Say anew what the namespace is, not what it holds; Conflict if another one has the new name."""
    new = row_of(wanted, owner)
    with unique(
        "Invalid update. It would result in a duplicate metadata definition namespace with the same name of "
        "{namespace}",
        namespace=new.namespace,
    ):
        db.update(
            namespaces,
            {"id": namespace.id},
            namespace=new.namespace,
            display_name=new.display_name,
            description=new.description,
            visibility=new.visibility,
            protected=new.protected,
            project_id=new.project_id,
            updated_at=new.updated_at,
        )
    found = db.one(BY_NAME, namespace=new.namespace)
    if found is None:
        raise NotFound("Namespace {namespace} not found", namespace=namespace.namespace)
    return found


def refuse_protected(namespace: Namespace) -> None:
    """Forbidden to delete a protected namespace, or all of one kind in it."""
    if namespace.protected:
        raise Forbidden(
            "Metadata definition namespace {namespace} is protected and cannot be deleted.",
            namespace=namespace.namespace,
        )


def delete(db: Db, namespace: Namespace) -> None:
    """Delete a namespace with all that it holds; Forbidden if it is protected."""
    refuse_protected(namespace)
    db.delete(namespaces, id=namespace.id)
