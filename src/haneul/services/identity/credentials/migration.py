"""Credentials under the primary key: after a rotation each is encrypted anew, so that older keys can go."""

from sqlalchemy import bindparam, select

from haneul.kernel.db import Db, Query, columns_of
from haneul.services.identity.credentials.blobs import opened, sealed
from haneul.services.identity.credentials.models import Credential, credentials
from haneul.services.identity.keys.ring import KeyRing

_credential = credentials.c
OUTDATED = Query(
    Credential,
    columns_of(Credential, credentials)
    .where(_credential.id > bindparam("after_id"), _credential.key_hash != bindparam("key_hash"))
    .order_by(_credential.id)
    .limit(bindparam("most")),
)
ANY_OUTDATED = select(_credential.id).where(_credential.key_hash != bindparam("key_hash")).limit(1)


def migrate(db: Db, keys: KeyRing, after_id: str, limit: int) -> str | None:
    """Encrypt up to `limit` credentials after this id anew by the primary key; the last one's id, None if none is left.

    The first call says "". A credential that changes meanwhile is left to whoever changes it. An error for one that
    none of the keys opens.
    """
    found = db.all(OUTDATED, after_id=after_id, key_hash=keys.primary_hash, most=limit)
    for credential in found:
        encrypted, key_hash = sealed(keys, opened(keys, credential))
        as_it_was = {"id": credential.id, "encrypted_blob": credential.encrypted_blob}
        db.update(credentials, as_it_was, encrypted_blob=encrypted, key_hash=key_hash)
    return found[-1].id if found else None


def is_current(db: Db, keys: KeyRing) -> bool:
    """Whether every credential is encrypted by the primary key: only then may keys rotate again."""
    return db.value(ANY_OUTDATED, key_hash=keys.primary_hash) is None
