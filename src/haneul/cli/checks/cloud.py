"""Checks of the cloud itself: processes, ports, keys, database, plans."""

import os
import stat
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from haneul.cli.checks.finding import Check, Finding, Subject
from haneul.cli.client import AdminClient
from haneul.cli.failures import Failure
from haneul.cli.tree.account import control_account
from haneul.kernel import clock
from haneul.kernel.listening import listen_at

EXPIRES_SOON = timedelta(days=14)

KEY_FOLDERS = ("fernet-keys", "credential-keys", "jws-keys")


def processes(subject: Subject) -> Iterator[Finding]:
    why = "Control answers the APIs, the agent runs guests, the supervisor restarts them."
    if subject.settings is None or subject.tree is None:
        fact = f"No cloud was started in {subject.layout.state} yet."
        yield Finding("note", fact, why, "haneul up")
        return
    if not subject.runs:
        yield Finding("wrong", "The cloud does not run.", why, "haneul up")
        return
    for name, child in subject.tree.children.items():
        if child.state == "ready" and child.lives:
            again = f", restarted {child.restarts} times" if child.restarts else ""
            yield Finding("ok", f"The {name} process runs (pid {child.pid}{again}).", why)
        else:
            fact = f"The {name} process is {child.state}. {child.last_ending}".rstrip()
            yield Finding("wrong", fact, why, f"Read its log: {subject.layout.log / name}.log")


def ports(subject: Subject) -> Iterator[Finding]:
    if subject.settings is None or subject.runs:
        return
    why = "Every service listens on a port of its own."
    for port in subject.settings.listening_ports:
        try:
            listen_at(subject.settings.bind, port).close()
        except OSError as error:
            yield Finding(
                "wrong",
                f"The cloud can't listen: {error.strerror}.",
                why,
                f"ss -ltnp 'sport = :{port}' shows whose it is",
            )


def account(subject: Subject) -> Iterator[Finding]:
    if subject.settings is None or os.geteuid() != 0:
        return
    why = "Control faces the network; an account of its own keeps the rest of the machine out of its reach."
    found = control_account(subject.layout)
    if found.uid == 0:
        yield Finding(
            "note", f"{found.because[:1].upper()}{found.because[1:]}", why, "haneul down; haneul up, after that"
        )
    else:
        yield Finding("ok", f"Control runs under an account of its own (uid {found.uid}).", why)


def secrets(subject: Subject) -> Iterator[Finding]:
    folders = [folder for name in KEY_FOLDERS if (folder := subject.layout.control / name).exists()]
    if subject.settings is None or not folders:
        return
    why = "Who reads the keys, the database or admin's password is admin."
    places = [subject.layout.control, *folders, subject.layout.admin_password]
    places += [path for folder in folders for path in folder.rglob("*")]
    places += [subject.layout.openrc, subject.layout.clouds_yaml, subject.layout.flags_file]
    open_ones = [path for path in places if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077]
    for path in open_ones:
        yield Finding("wrong", f"Others than its owner may read {path}.", why, f"chmod go= {path}")
    if not open_ones:
        yield Finding("ok", "Keys, database and passwords are closed to others.", why)
    for folder in folders:
        if not any(folder.rglob("[0-9]*")) and not any(folder.rglob("*.pem")):
            yield Finding("wrong", f"There are no keys in {folder}.", "What they open can't be read.", "haneul up")


def certificate(subject: Subject) -> Iterator[Finding]:
    if subject.settings is None or not subject.settings.tls:
        return
    from cryptography import x509

    path = Path(subject.settings.tls_certificate)
    why = "Clients refuse an outdated certificate."
    until = x509.load_pem_x509_certificate(path.read_bytes()).not_valid_after_utc
    if until - EXPIRES_SOON > clock.now():
        yield Finding("ok", f"The certificate {path} holds until {until:%Y-%m-%d}.", why)
    else:
        yield Finding("wrong", f"The certificate {path} ends on {until:%Y-%m-%d}.", why, "haneul down; haneul up")


def database(subject: Subject) -> Iterator[Finding]:
    if not subject.has_database:
        return
    from haneul.kernel.db.migrate import current_revision, newest_revision

    why = "Rows are understood only in the form that this program knows."
    current, wanted = current_revision(subject.store.engine), newest_revision()
    if current == wanted:
        yield Finding("ok", f"The database is at schema {current}, the newest.", why)
    elif current < wanted:
        fact = f"The database is at schema {current or 'none'}, this haneul wants {wanted}."
        yield Finding("wrong", fact, why, "haneul down; haneul up")
    else:
        fact = f"The database is at schema {current}, newer than {wanted}, which this haneul knows."
        yield Finding("wrong", fact, why, "Run the newer haneul.")
    if subject.store.is_sqlite:
        yield from _whole(subject)


def owner(subject: Subject) -> Iterator[Finding]:
    if not subject.has_database:
        return
    from haneul.kernel.db.migrate import current_revision
    from haneul.kernel.reconcile.plans import owner_of

    if not current_revision(subject.store.engine):
        return
    why = "With another cloud's database, this host would be told to have that cloud's servers in place of its own."
    found, mine = subject.store.read(owner_of), subject.layout.cloud_id
    if found in ("", mine):
        yield Finding("ok", f"The database is that of this cloud, {mine}.", why)
    else:
        fact = f"The database belongs to cloud {found}, and this is cloud {mine}."
        yield Finding("wrong", fact, why, "Name this cloud's database: haneul up --db URL (--db '' is its own file)")


def _whole(subject: Subject) -> Iterator[Finding]:
    from sqlalchemy import text

    with subject.store.engine.connect() as connection:
        said = str(connection.execute(text("PRAGMA quick_check(1)")).scalar())
    why = "A damaged file loses rows."
    if said == "ok":
        yield Finding("ok", "The database file is whole.", why)
    else:
        yield Finding("wrong", f"The database file is damaged: {said}", why, "Restore a backup of it.")


def plans(subject: Subject) -> Iterator[Finding]:
    if not subject.has_database:
        return
    from haneul.kernel.reconcile.plans import stopped_plans

    why = "A host that refuses its plan changes nothing: rather no work than a customer's disk lost."
    stopped = subject.store.read(stopped_plans)
    for plan in stopped:
        fact = f"The host {plan.host} refuses its plan of {plan.kind}s: {plan.stopped}"
        fix = "Restore the right database; if this one is right: haneul doctor --accept-restored"
        yield Finding("wrong", fact, why, fix)
    if not stopped:
        yield Finding("ok", "No host refuses its plan.", why)


def networks(subject: Subject) -> Iterator[Finding]:
    """Network agents that are silent, what hosts could not make, and ports that could not be bound."""
    if not subject.has_database:
        return
    from haneul.kernel.db.migrate import current_revision, newest_revision

    if current_revision(subject.store.engine) != newest_revision():
        return
    from haneul.cli.checks import network_rows

    yield from network_rows.silent_agents(subject)
    yield from network_rows.unmade(subject)
    yield from network_rows.unbound(subject)


def login(subject: Subject) -> Iterator[Finding]:
    if subject.settings is None or not subject.runs:
        return
    why = "Clients log in before all else."
    try:
        AdminClient(subject.layout, subject.settings).get("identity", "/v3/auth/catalog")
    except Failure as failure:
        yield Finding("wrong", str(failure), why, failure.fix)
    else:
        yield Finding("ok", "Admin can log in, and the catalog answers.", why)


CHECKS: tuple[Check, ...] = (processes, ports, account, secrets, certificate, database, owner, plans, networks, login)
