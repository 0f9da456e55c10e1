"""`haneul identity bootstrap`: an administrator, his roles, and identity's endpoints."""

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from haneul.cli.failures import Failure
from haneul.cli.identity.place import Place, database, worked_on
from haneul.cli.options import Command, with_cloud
from haneul.cli.screen import Screen
from haneul.cli.tree.layout import Layout

if TYPE_CHECKING:
    from haneul.kernel.db import Store
    from haneul.services.identity.recovery import Recovery

INTERFACES = ("admin", "public", "internal")


def _told(name: str, option: str, default: str | None, text: str) -> Callable[[Command], Command]:
    """An option under Keystone's name and a short one; Keystone's variable wins over both."""
    return click.option(f"--bootstrap-{option}", f"--{option}", name, default=default, help=text)


@click.command("bootstrap")
@with_cloud
@_told("username", "username", "admin", "The administrator's name. [default: admin]")
@_told("password", "password", None, "The administrator's password. $OS_BOOTSTRAP_PASSWORD is not seen by others.")
@_told("project_name", "project-name", "admin", "His project. [default: admin]")
@_told("role_name", "role-name", "admin", "His role. [default: admin]")
@_told("service_name", "service-name", "keystone", "Identity's name in the catalog. [default: keystone]")
@_told("admin_url", "admin-url", None, "Identity's URL for administrators.")
@_told("public_url", "public-url", None, "Identity's URL for everybody.")
@_told("internal_url", "internal-url", None, "Identity's URL for services.")
@_told("region_id", "region-id", None, "The region of these URLs; it is made if it isn't there.")
@click.option("--immutable-roles", is_flag=True, help="Protect the roles that are made from change. The default.")
@click.option("--no-immutable-roles", is_flag=True, help="Let the roles that are made be changed.")
def bootstrap_command(layout: Layout, screen: Screen, **given: Any) -> None:
    """Make the first administrator of a cloud, or let him in again.

    Works before the first `haneul up`, while the cloud runs, and again at any time: what is there stays, the
    administrator gets this password and is enabled, and the endpoints get the URLs that are given.
    """
    told = {name: _variable(name) or value for name, value in given.items()}
    if not told["password"]:
        raise Failure("Either the --bootstrap-password argument or OS_BOOTSTRAP_PASSWORD must be set.")
    with worked_on(layout, make=True) as place, database(place, prepare=True) as store:
        done = _recovered(place, store, told)
    if layout.settings_file.exists():
        _renew_credentials(layout)
    for line in done:
        screen.line(line)
    screen.line(f"User {told['username']} administers the cloud in {layout.state}.")
    screen.result({"state": str(layout.state), "username": told["username"], "done": done})


def _variable(name: str) -> str:
    """Keystone's variable of an option: it wins over what is written behind the command."""
    return "" if "immutable" in name else os.environ.get(f"OS_BOOTSTRAP_{name.upper()}", "")


def _recovered(place: Place, store: "Store", told: dict[str, Any]) -> list[str]:
    from msgspec import ValidationError

    from haneul.kernel.errors import ApiError
    from haneul.services.identity.recovery import recover

    password, kept = told["password"], place.layout.admin_password
    is_admins = told["username"] == "admin"
    if is_admins and not kept.exists():
        # `up` looks for the password of an admin that is there: no crash may leave him without.
        _keep(place, password)
    try:
        wanted = _wanted(place, store, told)
        done = store.write(lambda db: recover(db, wanted))
    except (ApiError, ValidationError) as error:
        raise Failure(str(error)) from error
    if is_admins:
        _keep(place, password)
    return done


def _keep(place: Place, password: str) -> None:
    from haneul.host.disk import durable

    durable.write(place.layout.admin_password, password.encode())


def _wanted(place: Place, store: "Store", told: dict[str, Any]) -> "Recovery":
    from haneul.services.identity.recovery import Recovery, usable_hash
    from haneul.services.identity.users.hashing import hashed, submit_check

    cost = place.identity.bcrypt_cost
    before = store.read(lambda db: usable_hash(db, told["username"]))
    # A password that is right already is not set again: that would end every token of his.
    is_right = before is not None and submit_check(told["password"], before, cost).result()
    return Recovery(
        username=told["username"],
        password_hash=None if is_right else hashed(told["password"], cost),
        project=told["project_name"],
        role=told["role_name"],
        service=told["service_name"],
        region=told["region_id"] or "",
        urls={name: told[f"{name}_url"] for name in INTERFACES if told[f"{name}_url"]},
        immutable_roles=not told["no_immutable_roles"],
        compliance=place.compliance,
    )


def _renew_credentials(layout: Layout) -> None:
    """The files from which clients read admin's password follow it."""
    from haneul.cli import credentials
    from haneul.cli.options import default_state

    if layout.admin_password.exists():
        credentials.write(layout, layout.settings(), at_home=layout.state == default_state())
