"""A real PostgreSQL server."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

import psycopg

from tests.servers.daemon import LOOPBACK, Daemon, free_port, run, scratch

USER = "postgres"
ACCOUNT = "haneul"
PROGRAMS = Path("/usr/lib/postgresql/15/bin")
# What is written need not survive: nothing waits for the disk.
HASTE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum_naptime=1h")


@dataclass(frozen=True)
class PostgreSQL:
    """Where the server listens and who may use it."""

    port: int
    password: str

    def execute(self, statement: str) -> None:
        """Run one statement outside any transaction."""
        address = f"postgresql://{ACCOUNT}:{self.password}@{LOOPBACK}:{self.port}/postgres"
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(statement.encode())

    @contextmanager
    def database(self) -> Iterator[str]:
        """An empty database; yields its SQLAlchemy URL and drops it at the end."""
        name = f"test_{token_hex(6)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        try:
            yield f"postgresql+psycopg://{ACCOUNT}:{self.password}@{LOOPBACK}:{self.port}/{name}"
        finally:
            self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def serves(self) -> bool:
        """Whether a statement can be run."""
        try:
            self.execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True


@contextmanager
def running() -> Iterator[PostgreSQL]:
    """A PostgreSQL server, started from nothing and ended with nothing left."""
    server = PostgreSQL(free_port(), token_hex(16))
    with scratch(USER) as folder:
        stored = folder / "stored"
        install(folder, stored, server.password)
        daemon = Daemon(folder, command(server.port, folder, stored), USER)
        try:
            daemon.wait_until(server.serves)
            yield server
        finally:
            # SIGINT is PostgreSQL's fast shutdown: it doesn't wait for clients to leave.
            daemon.end(signal.SIGINT)


def install(folder: Path, stored: Path, password: str) -> None:
    """Make the server's own tables; it listens on TCP, so nobody gets in without the password."""
    secret = folder / "password"
    secret.touch(mode=0o644)
    secret.write_text(password)
    options = ["--no-sync", "--locale=C.UTF-8", "--encoding=UTF8", "--auth=scram-sha-256"]
    account = [f"--username={ACCOUNT}", f"--pwfile={secret}"]
    run(folder, [str(PROGRAMS / "initdb"), f"--pgdata={stored}", *options, *account], USER)


def command(port: int, folder: Path, stored: Path) -> list[str]:
    """The server's command line."""
    settings = [
        f"listen_addresses={LOOPBACK}",
        f"port={port}",
        f"unix_socket_directories={folder}",
        "shared_buffers=64MB",
        "max_connections=200",
        *HASTE,
    ]
    return [str(PROGRAMS / "postgres"), "-D", str(stored), *(part for value in settings for part in ("-c", value))]
