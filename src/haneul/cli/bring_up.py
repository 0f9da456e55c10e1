"""What `up` does, step by step; each may be the last before a crash, and the next `up` goes on from there."""

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from haneul.cli import credentials, seeds
from haneul.cli.failures import Failure
from haneul.cli.options import default_state
from haneul.cli.screen import Progress, Screen
from haneul.cli.tree import supervisor
from haneul.cli.tree.account import control_account
from haneul.cli.tree.layout import Flags, Kept, Layout
from haneul.cli.tree.records import TreeSeen, is_supervised, seen
from haneul.host import run as running
from haneul.host.account import Account, give
from haneul.kernel.config import ConfigError, Settings
from haneul.settings import CloudSettings, settled

Sections = Mapping[str, Mapping[str, Any]]
READY_S = 120.0
LOOK_S = 0.01
STAY_S = 1.0
NEEDED = {
    "qemu-system-x86_64": "qemu-system-x86",
    "qemu-img": "qemu-utils",
    "bwrap": "bubblewrap",
    "ip": "iproute2",
    "nft": "nftables",
    "conntrack": "conntrack",
    "dnsmasq": "dnsmasq-base",
    "radvd": "radvd",
    "haproxy": "haproxy",
}


class Outcome(msgspec.Struct, kw_only=True):
    """What `up` has to tell: `notes` are what it could not use, and why."""

    settings: CloudSettings
    tree: TreeSeen
    was_running: bool
    seconds: float
    seeded: list[str] = []
    notes: list[str] = []


def bring_up(layout: Layout, screen: Screen, flags: Flags) -> Outcome:
    """Have the cloud run, with its credentials written and what a new user needs in it."""
    began = time.monotonic()
    layout.refuse_anothers()
    layout.refuse_strange()
    if not layout.exists:
        # What can't be started leaves no folder behind.
        _refuse_unfit(layout, _settle(layout, flags)[0])
    make_lockable(layout)
    with layout.locked(), screen.doing("Starting the cloud.") as progress:
        was_running = is_supervised(layout.tree)
        if was_running:
            _refuse_change(layout, flags)
            tree = _until_ready(layout, progress, 0)
        else:
            tree = _start(layout, flags, progress)
        settings = layout.settings()
        outcome = Outcome(settings=settings, tree=tree, was_running=was_running, seconds=time.monotonic() - began)
        account = control_account(layout)
        outcome.notes += [account.because] if account.because else []
        outcome.notes += credentials.write(layout, settings, at_home=layout.state == default_state())
        if not settings.bare:
            seeds.sow(layout, settings, progress, outcome)
    return outcome


def make_lockable(layout: Layout) -> None:
    try:
        layout.tree.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Failure(
            f"The folder {layout.state} can't be made: {error.strerror}.", "Run it as root, or name another by --state."
        ) from error


def _start(layout: Layout, given: Flags, progress: Progress) -> TreeSeen:
    before = layout.memory()
    flags = Flags(**{**layout.flags().given(), **given.given()})
    settings, sections = _settle(layout, flags)
    _refuse_unfit(layout, settings)
    layout.make()
    account = control_account(layout)
    for folder in (layout.control, layout.run):
        give(folder, account)
    settings = _with_certificates(layout, _with_range(layout, settings), account)
    layout.keep(flags, Kept.of(settings, sections), account.gid)
    if os.geteuid() == 0:
        _compile(progress)
    layout.status_file.unlink(missing_ok=True)
    try:
        return _until_ready(layout, progress, supervisor.start(layout))
    except Failure:
        # What can't be started isn't worth remembering.
        layout.restore(before)
        raise


def _settle(layout: Layout, flags: Flags) -> tuple[CloudSettings, Sections]:
    try:
        settings = Settings.load(Path(flags.config) if flags.config else None, os.environ)
        told = {name: value for name, value in flags.given().items() if name != "config"}
        return settled(layout.state, settings, told), settings.sections
    except ConfigError as error:
        raise Failure(str(error), "Correct it in the configuration file or in the HANEUL_ variable.") from error


def _refuse_unfit(layout: Layout, settings: CloudSettings) -> None:
    if layout.exists and layout.settings_file.exists() and layout.settings().simulate != settings.simulate:
        kind = "simulated" if not settings.simulate else "real"
        raise Failure(
            f"The cloud in {layout.state} is a {kind} one, and can't become the other.",
            "Name another folder by --state, or remove this cloud by `haneul down --wipe`.",
        )
    if settings.simulate:
        return
    if os.geteuid() != 0:
        raise Failure(
            "Real guests need root.", "Run `sudo haneul up`, or `haneul up --simulate`, which needs nothing at all."
        )
    if missing := [package for program, package in NEEDED.items() if not running.is_installed(program)]:
        raise Failure(
            f"This machine lacks what runs guests: {', '.join(missing)}.",
            f"Run `apt-get install {' '.join(missing)}`, or `haneul up --simulate`, which needs none of it.",
        )


def _with_certificates(layout: Layout, settings: CloudSettings, account: Account) -> CloudSettings:
    if not settings.tls:
        return settings
    from haneul.cli import certificates

    if not settings.tls_certificate:
        made = certificates.ensure(layout.tls, [settings.bind, settings.public_host], account)
        return msgspec.structs.replace(settings, tls_certificate=str(made.certificate), tls_key=str(made.key))
    certificates.refuse_unusable(Path(settings.tls_certificate), Path(settings.tls_key))
    return settings


def _with_range(layout: Layout, settings: CloudSettings) -> CloudSettings:
    """The settings with the addresses of the external network: those of before, or some that nothing here uses."""
    if settings.external_range:
        return settings
    before = layout.settings().external_range if layout.settings_file.exists() else ""
    return msgspec.structs.replace(settings, external_range=before or _free_range(settings))


def _free_range(settings: CloudSettings) -> str:
    from haneul.host.net.external import CANDIDATES, pick_free_range

    # Nothing of a simulated cloud is in anyone's way.
    found = CANDIDATES[0] if settings.simulate else pick_free_range()
    if found is None:
        raise Failure(
            "There are no addresses left for an external network.", "Name some by external_range in haneul.toml."
        )
    return found


def _compile(progress: Progress) -> None:
    """Compile our code here: the cloud's own processes write nothing beside it, and would compile it each time."""
    import compileall

    import haneul

    progress.stage("Compiling haneul for its first start.")
    compileall.compile_dir(Path(haneul.__file__).parent, quiet=2)


def _refuse_change(layout: Layout, flags: Flags) -> None:
    settings = layout.settings()
    for name, value in flags.given().items():
        now = layout.flags().config if name == "config" else getattr(settings, name)
        if now != value:
            option = "--" + name.replace("_", "-")
            raise Failure(
                f"The cloud in {layout.state} runs with {option} {_shown(now)}, not {_shown(value)}.",
                "Stop it first: `haneul down` leaves guests running.",
            )


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return "unset" if value in (None, "") else str(value)


def _until_ready(layout: Layout, progress: Progress, started: int) -> TreeSeen:
    """Wait for the cloud, whose supervisor we have `started` (0: another did)."""
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        tree = seen(layout.status_file)
        if tree is not None and tree.is_ready:
            return tree
        if tree is not None and tree.failed and not tree.supervisor.lives:
            raise Failure(tree.failed, tree.fix)
        if not (tree.supervisor.lives if tree is not None else started == 0 or running.alive(started)):
            raise Failure("The cloud ended while it started.", f"The log {layout.log / 'supervisor.log'} may say why.")
        for child in (tree.children if tree else {}).values():
            if child.doing:
                progress.stage(child.doing)
        time.sleep(LOOK_S)
    raise Failure(f"The cloud was not ready within {READY_S:.0f} seconds.", f"The logs in {layout.log} may say why.")


def show(layout: Layout, screen: Screen, outcome: Outcome) -> None:
    """The outcome on one screen."""
    settings, tree = outcome.settings, outcome.tree
    how = "runs already; nothing was changed" if outcome.was_running else f"is up after {outcome.seconds:.1f} s"
    screen.line(f"The {'simulated ' if settings.simulate else ''}cloud in {layout.state} {how}.")
    screen.line()
    urls = credentials.service_urls(settings)
    screen.pairs(
        {
            **urls,
            "client": f"export OS_CLIENT_CONFIG_FILE={layout.clouds_yaml}; openstack --os-cloud haneul server list"
            if not credentials.is_in_home(layout)
            else "openstack --os-cloud haneul server list",
            "shell": f". {layout.openrc}",
            "logs": str(layout.log),
        }
    )
    if outcome.seeded:
        screen.line()
        screen.line("Made: " + "; ".join(outcome.seeded) + ".")
    if outcome.notes:
        screen.line()
        for text in outcome.notes:
            screen.line(f"Note: {text}")
    screen.result(
        {
            "state": str(layout.state),
            "cloud_id": layout.cloud_id,
            "was_running": outcome.was_running,
            "seconds": round(outcome.seconds, 3),
            "processes": {name: child.pid for name, child in tree.children.items()},
            "supervisor": tree.supervisor.pid,
            "urls": urls,
            "openrc": str(layout.openrc),
            "clouds_yaml": str(layout.clouds_yaml),
            "seeded": outcome.seeded,
            "notes": outcome.notes,
        }
    )


def stay(layout: Layout) -> None:
    """Wait until a signal interrupts; Failure if the cloud is stopped by another command."""
    while is_supervised(layout.tree):
        time.sleep(STAY_S)
    raise Failure("The cloud was stopped by another command.")
