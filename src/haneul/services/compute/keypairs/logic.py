from typing import NamedTuple

from sqlalchemy import bindparam, func, select

from haneul.kernel.clock import now
from haneul.kernel.db import Db, Query, by, columns_of, unique
from haneul.kernel.db.listing import Listing, Page
from haneul.kernel.errors import NotFound
from haneul.kernel.quota import Known, Resource, take
from haneul.services.compute.keypairs.material import Material
from haneul.services.compute.keypairs.models import Keypair, keypairs
from haneul.services.compute.quota_sets.resources import REGISTERED, SERVICE

TOO_MANY = "Quota exceeded, too many key pairs."
BY_NAME = by(Keypair, keypairs, "user_id", "name")
# Upstream's usual database takes `Mykey` for `MyKey`, and guides written on it do so too.
IN_ANY_CASE = Query(
    Keypair,
    columns_of(Keypair, keypairs).where(
        keypairs.c.user_id == bindparam("user_id"), func.lower(keypairs.c.name) == bindparam("lowered")
    ),
)
KEY_PAIRS = Resource(
    "key_pairs",
    select(func.count()).select_from(keypairs).where(keypairs.c.user_id == bindparam("owner_id")),
    known=Known(SERVICE, REGISTERED["key_pairs"]),
)
LISTING = Listing(
    Keypair,
    keypairs,
    filters={"user_id": keypairs.c.user_id},
    sorts={"name": keypairs.c.name},
    default_sort=(("name", "asc"),),
    key="name",
    bounds=("user_id",),
)


class Owned(NamedTuple):
    """A key's name and whose it is."""

    user_id: str
    name: str


def get(db: Db, user_id: str, name: str) -> Keypair:
    """The user's keypair of this name, or the only one that is called so but for capitals; NotFound."""
    keypair = db.one(BY_NAME, user_id=user_id, name=name)
    if keypair is not None:
        return keypair
    alike = db.all(IN_ANY_CASE, user_id=user_id, lowered=name.lower())
    if len(alike) != 1:
        raise NotFound("Keypair {name} not found for user {user_id}", name=name, user_id=user_id)
    return alike[0]


def list_(db: Db, page: Page, user_id: str) -> list[Keypair]:
    return LISTING.page(db, page, {"user_id": user_id})


def create(db: Db, owned: Owned, material: Material, limit: int) -> Keypair:
    """Keep a key's public half; OverQuota at the user's limit, Conflict if he has one of that name."""
    take(db, owned.user_id, KEY_PAIRS, 1, limit, TOO_MANY)
    with unique("Key pair '{key_name}' already exists.", key_name=owned.name):
        db.insert_numbered(
            keypairs,
            user_id=owned.user_id,
            name=owned.name,
            type=material.type,
            fingerprint=material.fingerprint,
            public_key=material.public_key,
            created_at=now(),
        )
    return get(db, *owned)


def delete(db: Db, user_id: str, name: str) -> None:
    """Forget a key; servers made with it keep their copy. NotFound."""
    db.delete(keypairs, id=get(db, user_id, name).id)
