"""Write the migration from the newest revision to today's tables: `make_migration.py MESSAGE`, or `--initial` to write
the first ones anew, one for each service, as long as no release has shipped them."""

import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

from alembic import command
from alembic.autogenerate import api as autogenerate
from alembic.config import Config
from sqlalchemy import create_engine

import haneul.services
from haneul.cloud import import_tables
from haneul.kernel.db import metadata, migrate
from haneul.kernel.db.types import Json, Time, Words


def render_item(kind: str, item: object, context: autogenerate.AutogenContext) -> str | bool:
    """Our column types by the name of their module, since migrations must not change when code does."""
    if kind == "type" and isinstance(item, Json | Time | Words):
        context.imports.add("from haneul.kernel.db.types import Json, Time, Words")
        return f"{type(item).__name__}()"
    return False


VERSIONS = migrate.FOLDER / "versions"


def main() -> None:
    import_tables()
    if sys.argv[1:] == ["--initial"]:
        for old in VERSIONS.glob("0*.py"):
            old.unlink()
        for number, owner in enumerate(owners(), start=1):
            write(number, owner, only=owner)
    else:
        write(int(migrate.newest_revision()) + 1, sys.argv[1])


def owners() -> list[str]:
    """The kernel, whose tables come first, and every service that has tables."""
    return ["kernel", *sorted({owner_of(name) for name in metadata.tables} - {"kernel"})]


def owner_of(table: str) -> str:
    """Tables are named `<service>_<resource>`; what isn't, is the kernel's."""
    services = (path.name for path in Path(haneul.services.__path__[0]).iterdir())
    return next((service for service in services if table.startswith(f"{service}_")), "kernel")


def is_owned(owner: str, _item: object, name: str, kind: str, *_more: object) -> bool:
    """Whether a table goes into the migration of this owner, or of all where none is named."""
    return kind != "table" or owner in ("", owner_of(name))


def write(number: int, message: str, only: str = "") -> None:
    """Write one migration; `only` one owner's tables, if one is named."""
    with tempfile.TemporaryDirectory() as folder:
        engine = create_engine(f"sqlite:///{folder}/old.db")
        config = Config()
        config.set_main_option("script_location", str(migrate.FOLDER))
        with engine.connect() as connection:
            config.attributes["connection"] = connection
            config.attributes["render_item"] = render_item
            config.attributes["include_object"] = partial(is_owned, only)
            if number > 1:
                command.upgrade(config, "head")
            command.revision(config, message, autogenerate=True, rev_id=f"{number:04}")
    for path in VERSIONS.glob(f"{number:04}_*.py"):
        tidy(path)


def tidy(path: Path) -> None:
    ruff = str(Path(sys.executable).with_name("ruff"))
    subprocess.run([ruff, "check", "-q", "--fix", str(path)], check=False, stdout=subprocess.DEVNULL)
    subprocess.run([ruff, "format", "-q", str(path)], check=True)


if __name__ == "__main__":
    main()
