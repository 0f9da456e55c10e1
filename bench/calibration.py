"""A yardstick for the machine: raw SQLite reads per CPU second, so that figures of noisy machines can be compared."""

import sqlite3
import tempfile
import time
from pathlib import Path

COLUMNS = 40
ROWS = 1000
CPU_S = 0.5


def reads_per_cpu_second() -> float:
    """How many rows of 40 columns this machine now reads by key in a CPU second, without any cloud."""
    with tempfile.TemporaryDirectory(prefix="haneul-bench-") as folder:
        connection = sqlite3.connect(Path(folder) / "rows.db")
        names = ", ".join(f"column_{index} TEXT" for index in range(COLUMNS))
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(f"CREATE TABLE things (id TEXT PRIMARY KEY, {names})")
        marks = ", ".join("?" * (COLUMNS + 1))
        rows = [(str(number), *(f"value {number} {index}" for index in range(COLUMNS))) for number in range(ROWS)]
        connection.executemany(f"INSERT INTO things VALUES ({marks})", rows)
        connection.commit()
        found = _read(connection)
        connection.close()
        return found


def _read(connection: sqlite3.Connection) -> float:
    count, began = 0, time.process_time()
    while (spent := time.process_time() - began) < CPU_S:
        for number in range(ROWS):
            connection.execute("SELECT * FROM things WHERE id = ?", (str(number),)).fetchone()
        count += ROWS
    return count / spent
