"""The chain of the audit trail: what is sealed, by whom, and what of tampering is found out."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.kernel import databases
from tests.kernel.databases import opened

from haneul.kernel.db import Store
from haneul.kernel.events.models import outbox
from haneul.services.identity.audit.chain import Break, verify
from haneul.services.identity.audit.logic import record
from haneul.services.identity.audit.models import audit_records, chain_heads
from haneul.services.identity.audit.sealing import AT_ONCE, Sealer
from haneul.services.identity.config import IdentitySettings
from haneul.services.identity.projects.models import projects
from haneul.services.identity.regions.models import regions
from haneul.services.identity.services.models import services
from haneul.services.identity.users.models import users

database = databases.database
mariadb_server, mariadb_url = databases.mariadb_server, databases.mariadb_url
postgresql_server, postgresql_url = databases.postgresql_server, databases.postgresql_url

TABLES = (projects, users, regions, services, outbox, audit_records, chain_heads)
SETTINGS = IdentitySettings(notification_format="basic")
DIES = """
import os, signal, sys
from haneul.kernel.db import Store
from haneul.services.identity.audit.logic import record
from haneul.services.identity.audit.sealing import seal_some
from haneul.services.identity.config import IdentitySettings

store = Store(sys.argv[1])
for number in range(3):
    store.write(lambda db: record(db, "project", "created", f"project-{number}"))

def die(db):
    assert seal_some(db, IdentitySettings(notification_format="none")) == 3
    os.kill(os.getpid(), signal.SIGKILL)

store.write(die)
"""


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    with opened(database, *TABLES) as found:
        yield found


def write(store: Store, count: int, begin: int = 0) -> None:
    for number in range(begin, begin + count):
        store.write(
            lambda db, number=number: record(  # type: ignore[misc]
                db,
                "project",
                "updated",
                f"project-{number}",
                domain_id="default",
                words=["ä", None, {"b": 1.5, "a": 2}],
            )
        )


def seal(store: Store) -> None:
    Sealer(store, SETTINGS).seal_all()


def alter(store: Store, statement: str) -> None:
    assert store.write(lambda db: db.run(text(statement))) == 1


def test_records_are_sealed_in_order_and_told_of_once(store: Store) -> None:
    empty = verify(store)
    assert (empty.sealed, empty.unsealed, empty.seal, empty.broken) == (0, 0, "", None)
    write(store, AT_ONCE + 5)
    assert verify(store).unsealed == AT_ONCE + 5
    seal(store)
    seal(store)
    found = verify(store)
    assert (found.sealed, found.unsealed, found.broken) == (AT_ONCE + 5, 0, None)
    assert len(found.seal) == 64
    order = text("SELECT target_id FROM identity_audit_records ORDER BY sequence")
    assert [row[0] for row in store.read(lambda db: db.tuples(order))] == [f"project-{n}" for n in range(AT_ONCE + 5)]
    assert store.read(lambda db: db.value(text("SELECT COUNT(*) FROM outbox"))) == AT_ONCE + 5


def test_a_changed_record_is_found(store: Store) -> None:
    write(store, 5)
    seal(store)
    alter(store, "UPDATE identity_audit_records SET user_id = 'somebody-else' WHERE sequence = 3")
    found = verify(store)
    assert found.broken == Break(3, "Record 3 is not as it was when it was sealed.")
    assert found.sealed == 2


@pytest.mark.parametrize(
    "change",
    ["details = '{\"words\":[]}'", "initiator = '{}'", "moment = moment + 1", "outcome = 'failure'", "seal = ''"],
)
def test_every_column_is_under_the_seal(store: Store, change: str) -> None:
    write(store, 3)
    seal(store)
    alter(store, f"UPDATE identity_audit_records SET {change} WHERE sequence = 2")
    broken = verify(store).broken
    assert broken is not None
    assert broken.sequence == 2


def test_a_record_that_was_taken_out_is_missed(store: Store) -> None:
    write(store, 5)
    seal(store)
    alter(store, "DELETE FROM identity_audit_records WHERE sequence = 2")
    assert verify(store).broken == Break(2, "Record 2 is missing.")


def test_the_last_record_is_missed_too(store: Store) -> None:
    write(store, 5)
    seal(store)
    alter(store, "DELETE FROM identity_audit_records WHERE sequence = 5")
    assert verify(store).broken == Break(5, "Record 5 is missing.")


def test_a_record_that_was_slipped_in_behind_the_end_is_found(store: Store) -> None:
    write(store, 3)
    seal(store)
    write(store, 1)
    alter(store, "UPDATE identity_audit_records SET sequence = 7, seal = 'made up' WHERE sequence IS NULL")
    assert verify(store).broken == Break(4, "Record 7 stands behind the end of the chain, which is record 3.")


def test_another_end_of_the_chain_is_found(store: Store) -> None:
    write(store, 3)
    seal(store)
    alter(store, "UPDATE identity_audit_chain SET seal = 'made up'")
    assert verify(store).broken == Break(3, "The end of the chain does not fit record 3.")
    alter(store, "DELETE FROM identity_audit_chain")
    assert verify(store).broken is not None


def test_two_sealers_at_once_seal_nothing_twice(store: Store, database: str) -> None:
    other = Store(database)
    try:
        write(store, 20)
        sealers = [threading.Thread(target=seal, args=(one,)) for one in (store, other)]
        for sealer in sealers:
            sealer.start()
        write(store, 40, begin=20)
        for sealer in sealers:
            sealer.join(60)
        seal(other)
        found = verify(store)
        assert (found.sealed, found.unsealed, found.broken) == (60, 0, None)
        assert store.read(lambda db: db.value(text("SELECT COUNT(*) FROM outbox"))) == 60
    finally:
        other.close()


def test_what_a_killed_process_wrote_is_sealed_by_the_next(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'test.db'}"
    with opened(url, *TABLES) as store:
        died = subprocess.run([sys.executable, "-c", DIES, url], check=False, timeout=60)
        assert died.returncode == -9
        left = verify(store)
        assert (left.sealed, left.unsealed, left.broken) == (0, 3, None)
        seal(store)
        found = verify(store)
        assert (found.sealed, found.unsealed, found.broken) == (3, 0, None)


def test_a_sealer_is_woken_by_what_is_written(store: Store) -> None:
    sealer = Sealer(store, SETTINGS)
    sealer.start()
    try:
        write(store, 1)
        deadline = threading.Event()
        for _ in range(100):
            if verify(store).sealed:
                break
            deadline.wait(0.03)
        assert verify(store).sealed == 1
    finally:
        sealer.stop()
