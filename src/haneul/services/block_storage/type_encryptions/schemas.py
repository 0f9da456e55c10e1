from typing import Annotated, Any, Literal

from haneul.kernel.clock import iso_bare
from haneul.kernel.errors import BadRequest
from haneul.kernel.schema import UNSET, Meta, OpenBody, Text255, UnsetType, View
from haneul.services.block_storage.type_encryptions.models import TypeEncryption

Place = Literal["front-end", "back-end"]
KeySize = Annotated[int, Meta(ge=0, le=0x7FFFFFFF)] | Annotated[str, Meta(max_length=10)] | None


def _bits(key_size: int | str | None) -> int | None:
    if isinstance(key_size, str) and not (key_size.isascii() and key_size.isdigit() and int(key_size) <= 0x7FFFFFFF):
        raise BadRequest("key_size must be an integer between 0 and 2147483647: {size}", size=key_size)
    return None if key_size is None else int(key_size)


class EncryptionCreate(OpenBody):
    """`key_size` in bits, as a number or its digits."""

    provider: Text255
    control_location: Place
    cipher: Text255 | None = None
    key_size: KeySize = None

    @property
    def bits(self) -> int | None:
        """The size of the key as a number; BadRequest."""
        return _bits(self.key_size)


class EncryptionUpdate(OpenBody):
    provider: Text255 | UnsetType = UNSET
    control_location: Place | UnsetType = UNSET
    cipher: Text255 | None | UnsetType = UNSET
    key_size: KeySize | UnsetType = UNSET

    @property
    def changes(self) -> dict[str, Any]:
        """What is to be changed, by the columns' names; BadRequest."""
        size = UNSET if self.key_size is UNSET else _bits(self.key_size)
        given = {
            "provider": self.provider,
            "control_location": self.control_location,
            "cipher": self.cipher,
            "key_size": size,
        }
        return {name: value for name, value in given.items() if value is not UNSET}


class EncryptionMade(View):
    volume_type_id: str
    encryption_id: str
    provider: str
    control_location: str
    cipher: str | None
    key_size: int | None


def view(one: TypeEncryption) -> EncryptionMade:
    """The body that answers its creation."""
    return EncryptionMade(volume_type_id=one.type_id, encryption_id=one.id, **facts(one))


def facts(one: TypeEncryption) -> dict[str, Any]:
    """What a type's encryption says of its volumes."""
    return {
        "control_location": one.control_location,
        "cipher": one.cipher,
        "key_size": one.key_size,
        "provider": one.provider,
    }


def shown(one: TypeEncryption) -> dict[str, Any]:
    """All of it, as its own body, which has no name around it."""
    return {
        "volume_type_id": one.type_id,
        "encryption_id": one.id,
        **facts(one),
        "created_at": iso_bare(one.created_at),
        "updated_at": None if one.updated_at is None else iso_bare(one.updated_at),
        "deleted": False,
        "deleted_at": None,
    }
