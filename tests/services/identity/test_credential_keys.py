"""Credentials at rest: encrypted, encrypted anew after a rotation, and silent about themselves."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest
from cryptography.fernet import Fernet
from tests.services.identity.delegates import Member, member
from tests.services.identity.signing import ask, by_version, new_keys, signed
from tests.support.cloud import RunningCloud, running_cloud

from haneul.kernel.db import Db, Store
from haneul.kernel.errors import ApiError
from haneul.services.identity.credentials.logic import blobs_of, find
from haneul.services.identity.credentials.migration import is_current, migrate
from haneul.services.identity.credentials.models import Credential, credentials
from haneul.services.identity.keys.ring import KeyRing, numbers_in, rotate_keys

LIST = "/v3/credentials"


class Kept:
    """A cloud of its own, whose keys may rotate, with one user in it."""

    def __init__(self, cloud: RunningCloud) -> None:
        self.cloud, self.admin = cloud, cloud.login()
        self.folder: Path = cloud.cloud.wanted.state / "control" / "credential-keys"
        self.store: Store = cloud.cloud.store
        self.owner: Member = member(cloud, self.admin)

    @property
    def ring(self) -> KeyRing:
        return KeyRing(self.folder)

    def credential(self, blob: str) -> str:
        body = {"type": "totp", "blob": blob, "user_id": self.owner.user["id"]}
        answer = self.owner.client.post("identity", LIST, json={"credential": body})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["credential"]["id"])

    def row(self, credential_id: str) -> Credential:
        found = self.store.read(lambda db: find(db, credential_id))
        assert found is not None
        return found

    def blob(self, credential_id: str) -> Any:
        return self.owner.client.get("identity", f"{LIST}/{credential_id}").json()["credential"]["blob"]

    def migrate(self, limit: int) -> list[str]:
        """Where each batch ended."""
        ends, after = [], ""
        while True:
            end = self.store.write(lambda db, after=after: migrate(db, self.ring, after, limit))
            if end is None:
                return ends
            ends.append(end)
            after = end

    def is_current(self) -> bool:
        return self.store.read(lambda db: is_current(db, self.ring))


@pytest.fixture(scope="module")
def own_cloud() -> Iterator[RunningCloud]:
    with running_cloud(bare=True) as cloud:
        yield cloud


@pytest.fixture
def kept(own_cloud: RunningCloud) -> Iterator[Kept]:
    found = Kept(own_cloud)
    yield found
    assert found.admin.delete("identity", f"/v3/users/{found.owner.user['id']}").status_code == 204


def test_what_is_kept_is_encrypted(kept: Kept) -> None:
    row = kept.row(kept.credential("a seed"))
    assert "a seed" not in repr(row)
    assert row.key_hash == kept.ring.primary_hash
    primary = (kept.folder / str(numbers_in(kept.folder)[-1])).read_bytes()
    padded = row.encrypted_blob + "=" * (-len(row.encrypted_blob) % 4)
    assert Fernet(primary).decrypt(padded.encode()) == b"a seed"


def test_no_secret_is_anywhere_in_the_database(kept: Kept) -> None:
    secret = f"secret-{token_hex(16)}"
    content = json.dumps({"access": token_hex(16), "secret": secret})
    fields = {"type": "ec2", "blob": content, "project_id": kept.owner.project["id"]}
    body = {"credential": {**fields, "user_id": kept.owner.user["id"]}}
    made = kept.owner.client.post("identity", LIST, json=body).json()["credential"]
    kept.owner.client.patch("identity", f"{LIST}/{made['id']}", json={"credential": {"blob": content}})
    files = [path for path in kept.cloud.cloud.wanted.state.rglob("*") if path.is_file()]
    assert any(path.suffix == ".db" for path in files)
    assert [path.name for path in files if secret.encode() in path.read_bytes()] == []


def test_a_rotation_leaves_all_readable_and_a_migration_makes_all_current(kept: Kept) -> None:
    ids = sorted(kept.credential(f"seed {number}") for number in range(5))
    keys = new_keys(kept.owner.client, kept.owner.user["id"], kept.owner.project["id"])
    before = {one: kept.row(one) for one in ids}
    assert kept.is_current()
    rotate_keys(kept.folder, 3)
    assert not kept.is_current()
    assert sorted(kept.blob(one) for one in ids) == [f"seed {number}" for number in range(5)]
    newer = kept.credential("a newer seed")
    assert kept.row(newer).key_hash == kept.ring.primary_hash != before[ids[0]].key_hash
    ends = kept.migrate(2)
    assert (len(ends), ends) == (3, sorted(ends))
    assert kept.is_current()
    assert kept.migrate(2) == []
    assert all(kept.row(one).key_hash == kept.ring.primary_hash for one in ids)
    # Two more rotations, and the first key is gone for good.
    for _ in range(2):
        rotate_keys(kept.folder, 3)
        kept.migrate(100)
    assert sorted(kept.blob(one) for one in ids) == [f"seed {number}" for number in range(5)]
    assert ask(kept.admin, signed(by_version(2, keys), keys["secret"])).status_code == 200


class Overtaken(KeyRing):
    """Keys of which one reader is so slow that somebody else changes what he reads."""

    def __init__(self, folder: Path, overtake: Callable[[], None]) -> None:
        super().__init__(folder)
        self.overtake = overtake

    def decrypt(self, token: str) -> bytes | None:
        self.overtake()
        return super().decrypt(token)


def test_a_migration_leaves_what_changes_meanwhile(kept: Kept) -> None:
    own_id = kept.credential("a seed")
    rotate_keys(kept.folder, 3)

    def migrated(db: Db) -> str | None:
        def overtake() -> None:
            encrypted, key_hash = kept.ring.encrypt_named(b"changed meanwhile")
            db.update(credentials, {"id": own_id}, encrypted_blob=encrypted, key_hash=key_hash)

        return migrate(db, Overtaken(kept.folder, overtake), "", 10)

    assert kept.store.write(migrated) == own_id
    assert (kept.blob(own_id), kept.is_current()) == ("changed meanwhile", True)


def test_a_lost_key_is_told_and_nothing_else(kept: Kept) -> None:
    own_id = kept.credential("a seed")
    kept_keys = kept.folder.rename(kept.folder.with_name("kept-keys"))
    kept.folder.mkdir(mode=0o700)
    (kept.folder / "1").write_bytes(Fernet.generate_key())
    try:
        _is_told(kept, own_id)
    finally:
        shutil.rmtree(kept.folder)
        kept_keys.rename(kept.folder)
    assert kept.blob(own_id) == "a seed"


def _is_told(kept: Kept, own_id: str) -> None:
    answer = kept.owner.client.get("identity", f"{LIST}/{own_id}")
    assert answer.status_code == 500
    assert "seed" not in answer.text
    with pytest.raises(ApiError, match="could not be decrypted"):
        kept.migrate(10)
    with pytest.raises(ApiError, match="could not be decrypted"):
        kept.store.read(lambda db: blobs_of(db, kept.ring, kept.owner.user["id"], "totp"))


def test_blobs_are_found_by_user_and_type(kept: Kept) -> None:
    for blob in ("first", "second"):
        kept.credential(blob)
    new_keys(kept.owner.client, kept.owner.user["id"], kept.owner.project["id"])

    def blobs(user_id: str, kind: str) -> list[str]:
        return sorted(kept.store.read(lambda db: blobs_of(db, kept.ring, user_id, kind)))

    assert blobs(kept.owner.user["id"], "totp") == ["first", "second"]
    assert len(blobs(kept.owner.user["id"], "ec2")) == 1
    assert (blobs(kept.owner.user["id"], "cert"), blobs("0" * 32, "totp")) == ([], [])
