"""The cloud that these commands work on: one that runs, one that was stopped, or one that `haneul up` starts later."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from haneul.cli.failures import Failure
from haneul.cli.tree.account import control_account
from haneul.cli.tree.layout import Layout
from haneul.host.account import Account, give
from haneul.kernel.config import ConfigError, Settings
from haneul.settings import CloudSettings, settled

if TYPE_CHECKING:
    from haneul.kernel.db import Store
    from haneul.services.identity.config import IdentitySettings, SecurityCompliance

BEHIND = "Run `haneul up`, or `keystone-manage db_sync`."


class Place(Struct, frozen=True):
    """A cloud's folder with what it was told; before its first start that is the variables and the defaults."""

    layout: Layout
    settings: CloudSettings
    sections: Settings

    @property
    def fernet_keys(self) -> Path:
        return self._folders[0]

    @property
    def credential_keys(self) -> Path:
        return self._folders[1]

    @property
    def _folders(self) -> Sequence[Path]:
        from haneul.services.identity.parts import key_folders

        return key_folders(self.layout.control)

    @property
    def identity(self) -> "IdentitySettings":
        from haneul.services.identity.config import IdentitySettings

        return self.sections.section("identity", IdentitySettings)

    @property
    def compliance(self) -> "SecurityCompliance":
        from haneul.services.identity.config import SecurityCompliance

        return self.sections.section("security_compliance", SecurityCompliance)

    @property
    def has_database(self) -> bool:
        """Whether looking at the database can't be what makes it."""
        return bool(self.settings.db) or (self.layout.control / "haneul.db").exists()


def found(layout: Layout) -> Place:
    """The place as it is told now; Failure for settings that can't be used."""
    try:
        if layout.settings_file.exists():
            return Place(layout, layout.settings(), layout.sections(os.environ))
        sections = Settings.load(None, os.environ)
        return Place(layout, settled(layout.state, sections, {}), sections)
    except ConfigError as error:
        raise Failure(str(error), "Correct it in haneul.toml or in the HANEUL_ variable.") from error


@contextmanager
def worked_on(layout: Layout, *, make: bool = False) -> Iterator[Place]:
    """Work on a cloud's place as the account that owns it, alone among commands; `make` it if there is none."""
    layout.refuse_anothers()
    if make:
        _make(layout)
    layout.require()
    with layout.locked():
        place = found(layout)
        with acting_as(_owner_of(layout.control)):
            yield place


def _make(layout: Layout) -> None:
    from haneul.cli.bring_up import make_lockable

    layout.refuse_strange()
    make_lockable(layout)
    with layout.locked():
        if not layout.control.exists():
            layout.make()
            account = control_account(layout)
            for folder in (layout.control, layout.run):
                give(folder, account)


def _owner_of(folder: Path) -> Account:
    status = folder.stat()
    return Account(uid=status.st_uid, gid=status.st_gid)


@contextmanager
def acting_as(account: Account) -> Iterator[None]:
    """Have root's files be made and read as this account, so that its own processes can use them."""
    if os.geteuid() != 0 or account.uid == 0:
        yield
        return
    group = os.getegid()
    os.setegid(account.gid)
    os.seteuid(account.uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(group)


@contextmanager
def database(place: Place, *, prepare: bool = False) -> Iterator["Store"]:
    """The cloud's database, with `prepare` brought to this program's schema before; Failure if it is not at that."""
    from haneul.cli.control import told_plainly
    from haneul.kernel.db import Store
    from haneul.kernel.db.migrate import current_revision, newest_revision, upgrade
    from haneul.kernel.reconcile.plans import claim

    if not prepare and not place.has_database:
        raise Failure(f"The cloud in {place.layout.state} has no database yet.", BEHIND)
    with told_plainly(place.settings):
        store = Store(place.settings.db_url)
    try:
        with told_plainly(place.settings):
            if prepare:
                upgrade(store.engine)
                store.write(lambda db: claim(db, place.layout.cloud_id))
            elif current_revision(store.engine) != newest_revision():
                raise Failure("The database is at another schema than this haneul's.", BEHIND)
        yield store
    finally:
        store.close()
