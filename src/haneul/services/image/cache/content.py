"""What the cache knows bytes by: an image's id, and the hash that its row says they have."""

import re
from typing import Self, get_args

import msgspec

from haneul.services.image.config import HashName
from haneul.services.image.images.models import Image

DIGEST = re.compile(r"[0-9a-f]{64,128}")


class Content(msgspec.Struct, frozen=True):
    """The bytes of an image as its row describes them: `hash` in hexadecimal, by `hash_name`; `size` in bytes."""

    image_id: str
    hash_name: str
    hash: str
    size: int

    @classmethod
    def of(cls, image: Image) -> Self | None:
        """None for an image that is not active, and for one whose bytes nobody could check."""
        name, digest = image.os_hash_algo, image.os_hash_value
        if image.status != "active" or image.size is None or name is None or digest is None:
            return None
        # The owner of an image may have told its hash, and it becomes the name of a file.
        if name not in get_args(HashName) or not DIGEST.fullmatch(digest):
            return None
        return cls(image.id, name, digest, image.size)

    @property
    def name(self) -> str:
        """The name of the file that holds them; what lies under it is whole and has this hash."""
        return f"{self.image_id}.{self.hash_name}.{self.hash}"
