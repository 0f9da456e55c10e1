from haneul.kernel.db import Db, by, unique
from haneul.kernel.errors import NotFound
from haneul.services.compute.flavors.models import Flavor, FlavorAccess, flavor_access

OF_FLAVOR = by(FlavorAccess, flavor_access, "flavor_id")


def list_(db: Db, flavor: Flavor) -> list[FlavorAccess]:
    """The projects that may use a flavor."""
    return sorted(db.all(OF_FLAVOR, flavor_id=flavor.id), key=lambda access: access.project_id)


def add(db: Db, flavor: Flavor, project_id: str) -> None:
    """Let a project use the flavor; Conflict if it may already."""
    taken = "Flavor access already exists for flavor {flavor_id} and project {project_id} combination."
    with unique(taken, flavor_id=flavor.id, project_id=project_id):
        db.insert(flavor_access, FlavorAccess(flavor.id, project_id))


def remove(db: Db, flavor: Flavor, project_id: str) -> None:
    """Let a project no longer use the flavor; NotFound if it could not."""
    if not db.delete(flavor_access, flavor_id=flavor.id, project_id=project_id):
        raise NotFound(
            "Flavor access not found for {flavor_id} / {project_id} combination.",
            flavor_id=flavor.id,
            project_id=project_id,
        )
