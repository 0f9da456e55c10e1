"""A real MariaDB server."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

import MySQLdb

from tests.servers.daemon import LOOPBACK, Daemon, free_port, run, scratch

USER = "mysql"
ACCOUNT = "haneul"
# What is written need not survive: nothing waits for the disk, and nothing is kept for replication.
HASTE = (
    "--innodb-flush-method=nosync",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-doublewrite=0",
    "--innodb-buffer-pool-size=64M",
    "--innodb-log-file-size=16M",
    "--skip-log-bin",
    "--performance-schema=OFF",
)


@dataclass(frozen=True)
class MariaDB:
    """Where the server listens and who may use it."""

    port: int
    password: str

    def execute(self, statement: str) -> None:
        """Run one statement outside any database."""
        with closing(self._connect()) as connection, closing(connection.cursor()) as cursor:
            cursor.execute(statement)

    @contextmanager
    def database(self) -> Iterator[str]:
        """An empty database; yields its SQLAlchemy URL and drops it at the end."""
        name = f"test_{token_hex(6)}"
        self.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        try:
            yield f"mysql+mysqldb://{ACCOUNT}:{self.password}@{LOOPBACK}:{self.port}/{name}?charset=utf8mb4"
        finally:
            self.execute(f"DROP DATABASE {name}")

    def serves(self) -> bool:
        """Whether a statement can be run."""
        try:
            self.execute("SELECT 1")
        except MySQLdb.OperationalError:
            return False
        return True

    def _connect(self) -> MySQLdb.Connection:
        return MySQLdb.connect(host=LOOPBACK, port=self.port, user=ACCOUNT, password=self.password)


@contextmanager
def running() -> Iterator[MariaDB]:
    """A MariaDB server, started from nothing and ended with nothing left."""
    server = MariaDB(free_port(), token_hex(16))
    with scratch(USER) as folder:
        stored = folder / "stored"
        install(folder, stored)
        first = folder / "first.sql"
        first.write_text(accounts(server.password))
        daemon = Daemon(folder, command(server.port, folder, stored, first), USER)
        try:
            daemon.wait_until(server.serves)
            yield server
        finally:
            daemon.end()


def install(folder: Path, stored: Path) -> None:
    """Make the server's own tables."""
    places = [f"--datadir={stored}", f"--tmpdir={folder}"]
    options = ["--auth-root-authentication-method=normal", "--skip-test-db", *HASTE]
    run(folder, ["mariadb-install-db", "--no-defaults", *places, *options], USER)


def accounts(password: str) -> str:
    """The statements that the server runs as it starts: it listens on TCP, so nobody gets in without the password."""
    names = [f"'{ACCOUNT}'@'%'", "'root'@'localhost'"]
    created = [f"CREATE OR REPLACE USER {name} IDENTIFIED BY '{password}';" for name in names]
    granted = [f"GRANT ALL ON *.* TO {name} WITH GRANT OPTION;" for name in names]
    others = "DELETE FROM mysql.global_priv WHERE User = 'root' AND Host <> 'localhost';"
    return "\n".join([*created, *granted, others, "FLUSH PRIVILEGES;", ""])


def command(port: int, folder: Path, stored: Path, first: Path) -> list[str]:
    """The server's command line."""
    return [
        "mariadbd",
        "--no-defaults",
        f"--datadir={stored}",
        f"--tmpdir={folder}",
        f"--socket={folder / 's.sock'}",
        f"--pid-file={folder / 'pid'}",
        f"--bind-address={LOOPBACK}",
        f"--port={port}",
        f"--init-file={first}",
        "--skip-name-resolve",
        "--max-connections=200",
        *HASTE,
    ]
