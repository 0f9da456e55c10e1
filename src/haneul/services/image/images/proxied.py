"""Images for compute's clients, who list, show, change and delete them through compute.

Compute asks its own rules whether somebody may; everything else is as `/v2/images` has it.
"""

from collections.abc import Collection, Mapping, Sequence

from msgspec.structs import replace

from haneul.kernel.db import Db
from haneul.kernel.db.listing import Page
from haneul.kernel.errors import BadRequest
from haneul.services.image.files.logic import remove
from haneul.services.image.images.access import Viewer, refuse_marker
from haneul.services.image.images.filters import Parameters, asked
from haneul.services.image.images.logic import save
from haneul.services.image.images.models import Image
from haneul.services.image.images.protections import Protections
from haneul.services.image.images.queries import Asked, list_, property_clause
from haneul.services.image.images.schemas import FIELDS, RESERVED_PREFIX, refuse_name, text
from haneul.services.image.locations import logic as locations

NEWEST_FIRST = Page(sort=(("created_at", "desc"),))


class ProxiedImages:
    """What compute does with images for its clients, as this cloud is configured to let them."""

    def __init__(self, keep_deleted_s: int, protections: Protections) -> None:
        self._keep_deleted_s, self._protections = keep_deleted_s, protections

    def page(self, db: Db, parameters: Parameters, viewer: Viewer) -> list[Image]:
        """The images that `GET /v2/images` with these parameters lists; BadRequest for those it does not know."""
        wanted = asked(parameters, viewer)
        if wanted.page.marker:
            refuse_marker(db, wanted.page.marker, viewer)
        return list_(db, wanted)

    def properties_of(self, image: Image, roles: Collection[str]) -> dict[str, str]:
        """The image's custom properties, as somebody with these roles may read them."""
        return self._protections.readable(roles, image.properties)

    def set_properties(self, db: Db, image: Image, wanted: Mapping[str, str], roles: Collection[str]) -> dict[str, str]:
        """Give an image these custom properties and no others of those that the roles may read; what it then has.

        BadRequest for names and values that no property has, Forbidden for what the roles have no right to.
        """
        readable = self.properties_of(image, roles)
        kept = {name: value for name, value in image.properties.items() if _is_kept(name, readable)}
        for name in readable.keys() - wanted.keys() - kept.keys():
            self._protections.refuse(roles, name, "delete")
        for name, value in wanted.items():
            if readable.get(name) != value:
                self._protections.refuse(roles, name, "update" if name in readable else "create")
                _refuse_property(name, value)
        return self.properties_of(save(db, image, replace(image, properties={**kept, **wanted})), roles)

    def delete(self, db: Db, image: Image) -> None:
        """Delete an image, and its bytes soon; Forbidden if it is protected."""
        discard(db, image, self._keep_deleted_s)


def _is_kept(name: str, readable: Mapping[str, str]) -> bool:
    return name not in readable or name.startswith(RESERVED_PREFIX)


def _refuse_property(name: str, value: str) -> None:
    refuse_name(name)
    if name in FIELDS:
        raise BadRequest("An image's attribute can't be set by metadata: {names}.", names=name)
    text(name, value)


def discard(db: Db, image: Image, keep_s: int) -> None:
    """Delete an image where no request waits for its bytes to go; Forbidden if it is protected."""
    remove(db, image, keep_s)
    locations.news.told(db)


def with_properties(db: Db, project_id: str, properties: Mapping[str, str]) -> Sequence[Image]:
    """A project's images that have these properties, the newest first; hidden ones are left out, as in lists."""
    clauses = [property_clause(number, name, value) for number, (name, value) in enumerate(properties.items())]
    return list_(db, Asked(NEWEST_FIRST, {"owner": project_id, "os_hidden": False}, clauses))
