"""What agents ask of the image service over the bus; compute's own wire has the same shapes."""

import msgspec


class ImageAsk(msgspec.Struct, frozen=True):
    """Method `image.facts`; the answer is ImageFacts."""

    image_id: str


class ImageFacts(msgspec.Struct, frozen=True, kw_only=True):
    """An image as a host needs to know it before its bytes; sizes in bytes, `hash` in hexadecimal, by `hash_name`."""

    id: str
    disk_format: str
    size: int
    hash_name: str | None
    hash: str | None
    virtual_size: int


class ImagePart(msgspec.Struct, frozen=True):
    """Method `image.part`; the answer is bytes, empty at the end."""

    image_id: str
    offset: int
    length: int
