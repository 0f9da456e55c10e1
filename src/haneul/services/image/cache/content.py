"""What the cache knows bytes by: an image's id, and the hash that its row says they have."""

from typing import Self

import msgspec

from haneul.services.image.images.models import Image


class Content(msgspec.Struct, frozen=True):
    """The bytes of an image as its row describes them: `hash` in hexadecimal, by `hash_name`; `size` in bytes."""

    image_id: str
    hash_name: str
    hash: str
    size: int

    @classmethod
    def of(cls, image: Image) -> Self | None:
        """None for an image that is not active, and for one whose bytes nobody could check."""
        if image.status != "active" or not image.os_hash_algo or not image.os_hash_value or image.size is None:
            return None
        return cls(image.id, image.os_hash_algo, image.os_hash_value, image.size)

    @property
    def name(self) -> str:
        """The name of the file that holds them; what lies under it is whole and has this hash."""
        return f"{self.image_id}.{self.hash_name}.{self.hash}"
