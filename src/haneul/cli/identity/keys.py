"""The keys of tokens and of credentials: made, and replaced in turn."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from haneul.cli.failures import Failure
from haneul.cli.identity.place import Place, database, worked_on
from haneul.cli.options import with_cloud
from haneul.cli.screen import Screen
from haneul.cli.tree.layout import Layout

if TYPE_CHECKING:
    from haneul.kernel.db import Store
    from haneul.services.identity.keys.ring import KeyRing, Rotation

# As Keystone has it: the staged one, the primary, and the one before.
CREDENTIAL_KEYS_MOST = 3
MIGRATED_AT_ONCE = 500


def as_keystone(command: Any) -> Any:
    """Take the account that Keystone's commands are told; keys belong to the one that the cloud runs under."""
    for name in ("group", "user"):
        command = click.option(f"--keystone-{name}", expose_value=False, hidden=True)(command)
    return command


@click.command("fernet-setup")
@with_cloud
@as_keystone
def fernet_setup_command(layout: Layout, screen: Screen) -> None:
    """Make the keys of tokens and receipts where there are none."""
    _set_up(layout, screen, "fernet_keys", "tokens")


@click.command("credential-setup")
@with_cloud
@as_keystone
def credential_setup_command(layout: Layout, screen: Screen) -> None:
    """Make the keys that encrypt credentials where there are none."""
    _set_up(layout, screen, "credential_keys", "credentials")


def _set_up(layout: Layout, screen: Screen, which: str, of_what: str) -> None:
    from haneul.services.identity.keys.ring import set_up_keys

    with worked_on(layout, make=True) as place:
        folder: Path = getattr(place, which)
        made = set_up_keys(folder)
    screen.line(f"The keys of {of_what} {'were made' if made else 'are there already'}, in {folder}.")
    screen.result({"folder": str(folder), "made": made})


@click.command("fernet-rotate")
@with_cloud
@as_keystone
def fernet_rotate_command(layout: Layout, screen: Screen) -> None:
    """Let the staged key encrypt tokens from now on, stage a new one, and remove the oldest.

    Tokens made by a key that is still there go on. A running cloud follows at once.
    """
    from haneul.services.identity.keys.ring import rotate_keys

    with worked_on(layout) as place:
        rotation = rotate_keys(place.fernet_keys, place.identity.keys_active_most)
        if rotation.removed and place.has_database:
            _forget_validated(place)
        _tell(screen, place.fernet_keys, rotation)


def _forget_validated(place: Place) -> None:
    """Have every process look at its tokens again: those by a removed key are over."""
    from haneul.services.identity.epoch import bump

    with database(place) as store:
        store.write(bump)


def _tell(screen: Screen, folder: Path, rotation: "Rotation") -> None:
    gone = f" Removed: {', '.join(map(str, rotation.removed))}." if rotation.removed else ""
    screen.line(f"Key {rotation.primary} in {folder} encrypts from now on, and a new one is staged.{gone}")
    screen.result({"folder": str(folder), "primary": rotation.primary, "removed": list(rotation.removed)})


@click.command("credential-rotate")
@with_cloud
@as_keystone
def credential_rotate_command(layout: Layout, screen: Screen) -> None:
    """Let the staged key encrypt credentials from now on; refused while any needs an older key than the present one."""
    from haneul.services.identity.credentials.migration import is_current
    from haneul.services.identity.keys.ring import KeyRing, rotate_keys, set_up_keys

    with worked_on(layout) as place, database(place) as store:
        set_up_keys(place.credential_keys)
        keys = KeyRing(place.credential_keys)
        if not store.read(lambda db: is_current(db, keys)):
            raise Failure(
                "The keys can't be rotated while a credential is encrypted with another key than the primary.",
                "Run `haneul identity credential-migrate` (`keystone-manage credential_migrate`) first.",
            )
        rotation = rotate_keys(place.credential_keys, CREDENTIAL_KEYS_MOST)
        _tell(screen, place.credential_keys, rotation)


@click.command("credential-migrate")
@with_cloud
@as_keystone
def credential_migrate_command(layout: Layout, screen: Screen) -> None:
    """Encrypt every credential with the primary key; it can be run again at any time."""
    from haneul.services.identity.keys.ring import KeyRing, set_up_keys

    with worked_on(layout) as place, database(place) as store:
        set_up_keys(place.credential_keys)
        _migrate(store, KeyRing(place.credential_keys))
        screen.line(f"Every credential is encrypted with the primary key in {place.credential_keys}.")
        screen.result({"folder": str(place.credential_keys)})


def _migrate(store: "Store", keys: "KeyRing") -> None:
    from haneul.kernel.errors import ApiError
    from haneul.services.identity.credentials.migration import migrate

    reached: str | None = ""
    while reached is not None:
        after = reached
        try:
            reached = store.write(partial(migrate, keys=keys, after_id=after, limit=MIGRATED_AT_ONCE))
        except ApiError as error:
            fix = "Put the key that it was encrypted with back into the folder, from a backup, and run this again."
            raise Failure(f"A credential behind {after or 'the first'} can't be read: {error}", fix) from error


@click.command("create-jws-keypair")
@with_cloud
@as_keystone
@click.option("--force", is_flag=True, help="Write over files that are there.")
def create_jws_keypair_command(layout: Layout, screen: Screen, force: bool) -> None:
    """Write a key pair that signs tokens, private.pem and public.pem, into the present folder."""
    from haneul.host.disk import durable
    from haneul.services.identity.tokens.providers.jws import new_key_pair

    private, public = Path.cwd() / "private.pem", Path.cwd() / "public.pem"
    for path, named in ((private, "private"), (public, "public")):
        if path.exists() and not force:
            raise Failure(f"The {named} key {path} is there already.", "Add --force to write over it.")
    private_pem, public_pem = new_key_pair()
    durable.write(private, private_pem)
    durable.write(public, public_pem, 0o644)
    screen.line(f"The key pair is in {private} and {public}.")
    keys = layout.control / "jws-keys"
    screen.line(f"The cloud signs with {keys / private.name}, and believes every key in {keys / 'public'}.")
    screen.result({"private": str(private), "public": str(public)})
