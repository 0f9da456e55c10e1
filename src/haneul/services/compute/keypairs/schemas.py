from typing import Annotated, Literal

from haneul.kernel.clock import iso_bare
from haneul.kernel.schema import UNSET, Meta, OpenBody, Since, StrictBody, UnsetType, View
from haneul.services.compute.keypairs.material import Material
from haneul.services.compute.keypairs.models import Keypair

KeyType = Literal["ssh", "x509"]
KeyName = Annotated[str, Meta(min_length=1, max_length=255, pattern=r"^(?! )[_\-@. a-zA-Z0-9]+(?<! )\Z")]
OlderKeyName = Annotated[str, Meta(min_length=1, max_length=255, pattern=r"^(?! )[_\- a-zA-Z0-9]+(?<! )\Z")]


class KeypairCreate(StrictBody):
    name: KeyName
    public_key: str
    type: KeyType = "ssh"
    user_id: str | UnsetType = UNSET


class OlderKeypairCreate(StrictBody):
    """Before 2.92 names knew fewer signs, and a key could be made here."""

    name: OlderKeyName
    public_key: str | UnsetType = UNSET
    type: Annotated[KeyType | UnsetType, Since("2.2")] = UNSET
    user_id: Annotated[str | UnsetType, Since("2.10")] = UNSET


class KeypairQuery(OpenBody):
    user_id: str | UnsetType = UNSET


class Summary(View):
    name: str
    public_key: str
    fingerprint: str
    type: Annotated[str, Since("2.2")]


class Item(View):
    """Each keypair of a list stands in an object of its own."""

    keypair: Summary


class CreatedView(View, kw_only=True):
    name: str
    public_key: str
    fingerprint: str
    user_id: str
    type: Annotated[str, Since("2.2")]
    private_key: str | UnsetType = UNSET

    @classmethod
    def of(cls, keypair: Keypair, made: Material) -> "CreatedView":
        return cls(
            name=keypair.name,
            public_key=keypair.public_key,
            fingerprint=keypair.fingerprint,
            user_id=keypair.user_id,
            type=keypair.type,
            private_key=made.private_key or UNSET,
        )


class KeypairView(View, kw_only=True):
    id: int
    name: str
    public_key: str
    fingerprint: str
    user_id: str
    type: Annotated[str, Since("2.2")]
    created_at: str
    updated_at: None = None
    deleted: bool = False
    deleted_at: None = None

    @classmethod
    def of(cls, keypair: Keypair) -> "KeypairView":
        return cls(
            id=keypair.id,
            name=keypair.name,
            public_key=keypair.public_key,
            fingerprint=keypair.fingerprint,
            user_id=keypair.user_id,
            type=keypair.type,
            created_at=iso_bare(keypair.created_at),
        )


def item_of(keypair: Keypair) -> Item:
    return Item(
        keypair=Summary(
            name=keypair.name, public_key=keypair.public_key, fingerprint=keypair.fingerprint, type=keypair.type
        )
    )
