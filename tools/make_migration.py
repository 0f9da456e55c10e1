"""Write the migration from the newest revision to today's tables: `make_migration.py MESSAGE`, or `--initial` to write
the first one anew, as long as no release has shipped it."""

import subprocess
import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.autogenerate import api as autogenerate
from alembic.config import Config
from sqlalchemy import create_engine

from haneul.cloud import import_tables
from haneul.kernel.db import migrate
from haneul.kernel.db.types import Json, Time


def render_item(kind: str, item: object, context: autogenerate.AutogenContext) -> str | bool:
    """Our column types by the name of their module, since migrations must not change when code does."""
    if kind == "type" and isinstance(item, Json | Time):
        context.imports.add("from haneul.kernel.db.types import Json, Time")
        return f"{type(item).__name__}()"
    return False


def main() -> None:
    versions = migrate.FOLDER / "versions"
    initial = sys.argv[1:] == ["--initial"]
    if initial:
        for old in versions.glob("0001_*.py"):
            old.unlink()
    number = 1 if initial else int(migrate.newest_revision()) + 1
    message = "initial" if initial else sys.argv[1]
    import_tables()
    with tempfile.TemporaryDirectory() as folder:
        engine = create_engine(f"sqlite:///{folder}/old.db")
        config = Config()
        config.set_main_option("script_location", str(migrate.FOLDER))
        with engine.connect() as connection:
            config.attributes["connection"] = connection
            config.attributes["render_item"] = render_item
            if not initial:
                command.upgrade(config, "head")
            command.revision(config, message, autogenerate=True, rev_id=f"{number:04}")
    for path in versions.glob(f"{number:04}_*.py"):
        tidy(path)


def tidy(path: Path) -> None:
    ruff = str(Path(sys.executable).with_name("ruff"))
    subprocess.run([ruff, "check", "-q", "--fix", str(path)], check=False)
    subprocess.run([ruff, "format", "-q", str(path)], check=True)


if __name__ == "__main__":
    main()
