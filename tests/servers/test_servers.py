"""Each server really serves, and leaves nothing."""

import asyncio
import os
import pwd
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import aio_pika
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from tests.servers import ceph, daemon, mariadb, postgresql, rabbitmq, swift
from tests.servers.shared import Shared

DATABASES = ["mariadb_url", "postgresql_url"]


@pytest.mark.databases
@pytest.mark.parametrize("url", DATABASES)
def test_a_database_keeps_what_is_written(request: pytest.FixtureRequest, url: str) -> None:
    engine = create_engine(request.getfixturevalue(url))
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE ports (id VARCHAR(36) PRIMARY KEY, name VARCHAR(255))"))
        connection.execute(text("INSERT INTO ports VALUES ('1', :name)"), {"name": "하늘 🌥"})
    engine.dispose()
    with engine.connect() as connection:
        assert connection.execute(text("SELECT name FROM ports")).scalar_one() == "하늘 🌥"
    engine.dispose()


@pytest.mark.databases
@pytest.mark.parametrize("server", ["mariadb_server", "postgresql_server"])
def test_databases_are_apart_and_dropped(request: pytest.FixtureRequest, server: str) -> None:
    serving = request.getfixturevalue(server)
    with serving.database() as one, serving.database() as other:
        engines = [create_engine(one), create_engine(other)]
        for engine in engines:
            with engine.begin() as connection:
                connection.execute(text("CREATE TABLE the_same_name (id INTEGER)"))
            engine.dispose()
    with pytest.raises(DBAPIError), engines[0].connect():
        pass


@pytest.mark.databases
@pytest.mark.parametrize("url", DATABASES)
def test_nobody_gets_in_without_the_password(request: pytest.FixtureRequest, url: str) -> None:
    engine = create_engine(request.getfixturevalue(url))
    for account in ("haneul", "root", "postgres"):
        with pytest.raises(DBAPIError), create_engine(engine.url.set(username=account, password="wrong")).connect():
            pass


@pytest.mark.broker
def test_the_broker_passes_a_message_on(amqp_url: str) -> None:
    async def there_and_back() -> bytes:
        async with await aio_pika.connect(amqp_url) as connection:
            channel = await connection.channel()
            queue = await channel.declare_queue(f"test-{uuid4().hex}", exclusive=True)
            await channel.default_exchange.publish(aio_pika.Message(b"hello"), queue.name)
            message = await queue.get(timeout=5)
            await message.ack()
            return message.body

    assert asyncio.run(there_and_back()) == b"hello"


@pytest.mark.databases
@pytest.mark.parametrize("server", [mariadb, postgresql], ids=["mariadb", "postgresql"])
def test_a_database_server_leaves_nothing(server: Any, roomy: Path) -> None:
    assert_leaves_nothing(server.running, server.USER, roomy)


@pytest.mark.broker
def test_the_broker_leaves_nothing(roomy: Path) -> None:
    assert_leaves_nothing(rabbitmq.running, rabbitmq.USER, roomy)


@pytest.mark.machine
@pytest.mark.parametrize("server", [ceph, swift], ids=["ceph", "swift"])
def test_a_server_of_objects_leaves_nothing(server: Any, roomy: Path) -> None:
    assert_leaves_nothing(server.running, server.USER, roomy)


@pytest.fixture
def roomy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where scratch folders are made during one test; the servers' users may pass through."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        folder.chmod(0o711)
        monkeypatch.setattr(tempfile, "tempdir", made)
        yield folder


def assert_leaves_nothing(running: Callable[[], AbstractContextManager[object]], user: str, folder: Path) -> None:
    with running():
        assert processes_of(user, folder), "the server runs and must be found"
    assert eventually(lambda: processes_of(user, folder) == [])
    assert list(folder.iterdir()) == []


def processes_of(user: str, folder: Path) -> list[int]:
    """The user's living processes that work in the folder or name it."""
    uid = pwd.getpwnam(user).pw_uid if os.geteuid() == 0 else os.geteuid()
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(FileNotFoundError, ProcessLookupError):
            if entry.stat().st_uid == uid:
                told = (entry / "cmdline").read_bytes() + os.fsencode(os.readlink(entry / "cwd"))
                found += [int(entry.name)] if os.fsencode(folder) in told else []
    return found


def eventually(true: Callable[[], bool], deadline_s: float = 5.0) -> bool:
    deadline = time.monotonic() + deadline_s
    while not true() and time.monotonic() < deadline:
        time.sleep(0.05)
    return true()


@pytest.mark.databases
def test_a_server_that_does_not_come_up_says_why(tmp_path: Path) -> None:
    failing = daemon.Daemon(tmp_path, ["sh", "-c", "echo the disk is full; exit 3"], "root")
    try:
        with pytest.raises(AssertionError, match=r"(?s)exit status 3.*the disk is full"):
            failing.wait_until(lambda: False)
    finally:
        failing.end()


def test_a_shared_server_lives_from_its_first_user_to_its_last() -> None:
    told: list[str] = []

    @contextmanager
    def running() -> Iterator[str]:
        told.append("started")
        yield "server"
        told.append("ended")

    shared = Shared(running)
    with shared.use() as one:
        with shared.use() as other:
            assert one == other == "server"
        assert told == ["started"]
    assert told == ["started", "ended"]
    with shared.use():
        assert told == ["started", "ended", "started"]
