"""What images show of themselves: their custom properties stand beside the rest, and where their bytes lie only if so
configured."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec

from haneul.kernel.clock import iso_seconds
from haneul.kernel.db import Db
from haneul.kernel.schema import UNSET, UnsetType, View
from haneul.services.image.config import ImageSettings
from haneul.services.image.images.models import Image
from haneul.services.image.images.protections import NONE, Protections
from haneul.services.image.locations.logic import active_of
from haneul.services.image.locations.models import Location
from haneul.services.image.stores.backends import Backends


class ImageView(View):
    """What every image has."""

    id: str
    name: str | None
    status: str
    visibility: str
    owner: str | None
    protected: bool
    os_hidden: bool
    disk_format: str | None
    container_format: str | None
    size: int | None
    virtual_size: int | None
    min_disk: int
    min_ram: int
    checksum: str | None
    os_hash_algo: str | None
    os_hash_value: str | None
    created_at: str
    updated_at: str
    tags: list[str]
    self: str
    file: str
    schema: str = "/v2/schemas/image"
    stores: str | UnsetType = UNSET


class Views:
    """Shows images as this cloud is configured to."""

    def __init__(self, backends: Backends, settings: ImageSettings, protections: Protections = NONE) -> None:
        self._backends, self._protections = backends, protections
        self._shows_direct, self._shows_all = settings.show_direct_url, settings.show_multiple_locations

    def one(self, db: Db, image: Image, roles: Collection[str]) -> dict[str, Any]:
        return self.many(db, [image], roles)[0]

    def many(self, db: Db, images: Sequence[Image], roles: Collection[str]) -> list[dict[str, Any]]:
        """The images' bodies, in their order, as somebody with these roles may see them."""
        places: Mapping[str, Sequence[Location]] = {}
        if self._shows_direct or self._shows_all:
            places = active_of(db, [image.id for image in images])
        return [
            self._protections.readable(roles, image.properties) | self._body(image, places.get(image.id, ()))
            for image in images
        ]

    def _body(self, image: Image, found: Sequence[Location]) -> dict[str, Any]:
        shown = ImageView(
            id=image.id,
            name=image.name,
            status=image.status,
            visibility=image.visibility,
            owner=image.project_id,
            protected=image.protected,
            os_hidden=image.os_hidden,
            disk_format=image.disk_format,
            container_format=image.container_format,
            size=image.size,
            virtual_size=image.virtual_size,
            min_disk=image.min_disk,
            min_ram=image.min_ram,
            checksum=image.checksum,
            os_hash_algo=image.os_hash_algo,
            os_hash_value=image.os_hash_value,
            created_at=iso_seconds(image.created_at),
            updated_at=iso_seconds(image.updated_at),
            tags=image.tags,
            self=f"/v2/images/{image.id}",
            file=f"/v2/images/{image.id}/file",
            stores=self._stores(image.stores) if image.stores else UNSET,
        )
        body: dict[str, Any] = msgspec.to_builtins(shown)
        return body | self._places(found)

    def _places(self, found: Sequence[Location]) -> dict[str, Any]:
        shown: dict[str, Any] = {}
        places = self.locations(found)
        if places and self._shows_direct:
            shown["direct_url"] = places[0]["url"]
        if self._shows_all:
            shown["locations"] = places
        return shown

    def _stores(self, named: str) -> str:
        return named if "," not in named else ",".join(self._backends.in_order(named.split(",")))

    def locations(self, found: Sequence[Location]) -> list[dict[str, Any]]:
        """Where bytes lie, places of more weight first; those in stores that are no longer configured are left out."""
        order = {name: index for index, name in enumerate(self._backends.in_order([one.store for one in found]))}
        return [
            {"url": backend.store.address(one.key), "metadata": {**one.metadata, "store": one.store}}
            for one in sorted(found, key=lambda one: order[one.store])
            if (backend := self._backends.holding(one.store)) is not None
        ]
