"""Checks of identity: its keys, what it demands of passwords, its audit trail."""

import re
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from haneul.cli.checks.finding import Finding
from haneul.cli.identity.keys import CREDENTIAL_KEYS_MOST
from haneul.cli.identity.place import Place, database
from haneul.kernel import clock
from haneul.kernel.db import Db
from haneul.services.identity.audit.chain import AFTER, HEAD, START, seal_of
from haneul.services.identity.audit.models import AuditRecord, ChainHead
from haneul.services.identity.config import SecurityCompliance
from haneul.services.identity.credentials.migration import is_current
from haneul.services.identity.keys.ring import STAGED, KeyRing, is_key, numbers_in
from haneul.services.identity.tokens.models import Payload
from haneul.services.identity.tokens.providers import TokenProvider
from haneul.services.identity.tokens.providers.fernet import FernetTokens

# Programs that were written for Keystone keep a token in a column of this many characters.
TOKEN_CHARACTERS = 255
WEAK_COST = 10


def token_keys(place: Place) -> Iterator[Finding]:
    """The repository of tokens' and receipts' keys."""
    yield from _repository(place.fernet_keys, "tokens", place.identity.keys_active_most, "haneul identity fernet-setup")


def credential_keys(place: Place) -> Iterator[Finding]:
    """The repository of credentials' keys."""
    fix = "haneul identity credential-setup"
    yield from _repository(place.credential_keys, "credentials", CREDENTIAL_KEYS_MOST, fix)


def _repository(folder: Path, of_what: str, most: int, set_up: str) -> Iterator[Finding]:
    why = f"Without its keys the cloud can't read {of_what}; with them anybody can."
    if not folder.is_dir() or not numbers_in(folder):
        yield Finding("wrong", f"There are no keys of {of_what} in {folder}.", why, set_up)
        return
    numbers = numbers_in(folder)
    wrong = [
        *_open_places(folder, why),
        *_strangers(folder, why),
        *_broken(folder, why),
        *_unstaged(folder, of_what, set_up),
        *_too_many(folder, of_what, most),
    ]
    yield from wrong
    if not wrong:
        yield Finding(
            "ok", f"The keys of {of_what} are in order: {len(numbers)}, of which {numbers[-1]} encrypts.", why
        )


def _files(folder: Path) -> list[Path]:
    return [folder / str(number) for number in numbers_in(folder)]


def _open_places(folder: Path, why: str) -> Iterator[Finding]:
    for path in (folder, *_files(folder)):
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            yield Finding("wrong", f"Others than its owner may read {path}.", why, f"chmod go= {path}")


def _strangers(folder: Path, why: str) -> Iterator[Finding]:
    owner = folder.stat()
    for path in _files(folder):
        if path.stat().st_uid != owner.st_uid:
            fix = f"chown {owner.st_uid}:{owner.st_gid} {path}"
            yield Finding("wrong", f"{path} is not owned by whom its folder is owned by.", why, fix)


def _broken(folder: Path, why: str) -> Iterator[Finding]:
    for path in _files(folder):
        if not is_key(path.read_bytes().strip()):
            yield Finding("wrong", f"{path} holds no key.", why, "Copy it again from a backup or from another host.")


def _unstaged(folder: Path, of_what: str, set_up: str) -> Iterator[Finding]:
    why = "The staged key is the next one to encrypt: hosts must have it before one of them rotates."
    if STAGED not in numbers_in(folder):
        yield Finding("wrong", f"There is no staged key of {of_what} in {folder}.", why, set_up)


def _too_many(folder: Path, of_what: str, most: int) -> Iterator[Finding]:
    why = "A key that is kept for longer than what it encrypted is one more that can be stolen."
    count = len(numbers_in(folder))
    if count > most:
        fact = f"There are {count} keys of {of_what} in {folder}, and at most {most} are to be."
        yield Finding("note", fact, why, "The next rotation removes those that are too many.")


def separate_keys(place: Place) -> Iterator[Finding]:
    """No key may encrypt both tokens and credentials."""
    why = "Tokens are shown to everybody: a key that they share with credentials can be attacked by way of them."
    kept = [
        {path.read_bytes().strip() for path in _files(folder)} if folder.is_dir() else set()
        for folder in (place.fernet_keys, place.credential_keys)
    ]
    if kept[0] & kept[1]:
        fix = f"Remove it from {place.fernet_keys} and run haneul identity fernet-rotate."
        yield Finding("wrong", "Tokens and credentials have a key in common.", why, fix)
    else:
        yield Finding("ok", "Tokens and credentials have no key in common.", why)


def signing_keys(place: Place) -> Iterator[Finding]:
    """The key pair, where tokens are signed."""
    if place.identity.token_provider != "jws":
        return
    folder = place.layout.control / "jws-keys"
    why = "Tokens are signed with the private key, and believed where its public key is."
    if not (folder / "private.pem").exists() or not list((folder / "public").glob("*.pem")):
        yield Finding("wrong", f"There is no key pair in {folder}.", why, "haneul down; haneul up")
        return
    wrong = list(_open_places(folder, why))
    if (folder / "private.pem").stat().st_mode & 0o077:
        wrong.append(Finding("wrong", "Others may read the private key.", why, f"chmod go= {folder / 'private.pem'}"))
    yield from wrong or [Finding("ok", f"The key pair that signs tokens is in {folder}.", why)]


def token_length(place: Place) -> Iterator[Finding]:
    """How long the longest usual token is."""
    why = f"Programs that were written for Keystone may have room for {TOKEN_CHARACTERS} characters."
    length = len(_provider(place).write(_longest()))
    if length <= TOKEN_CHARACTERS:
        yield Finding("ok", f"A token for a project has {length} characters.", why)
    else:
        fact = f"A token for a project, by password and a trust, has {length} characters."
        yield Finding("note", fact, why, "Only such a program makes this matter: give it more room.")


def _provider(place: Place) -> TokenProvider:
    if place.identity.token_provider == "jws":
        from haneul.services.identity.tokens.providers.jws import SignedTokens

        return SignedTokens(place.layout.control / "jws-keys")
    return FernetTokens(KeyRing(place.fernet_keys))


def _longest() -> Payload:
    moment = clock.to_microseconds(clock.now())
    some_id, audit_id = "f" * 32, "f" * 22
    return Payload(some_id, ("password", "token"), "project", some_id, moment, moment, (audit_id, audit_id), some_id)


def passwords(place: Place) -> Iterator[Finding]:
    """Rules that contradict each other, and those that are weak."""
    rules = place.compliance
    found = [*_ages(rules), *_expression(rules)]
    if place.identity.bcrypt_cost < WEAK_COST:
        why = "Each step of bcrypt_cost doubles the work of whoever has stolen the database."
        fact = f"Passwords are hashed at a bcrypt_cost of {place.identity.bcrypt_cost}."
        found.append(Finding("note", fact, why, f"Set it to at least {WEAK_COST} in haneul.toml."))
    if rules.lockout_failure_attempts is None:
        why = "A user who is never locked out can be guessed at for as long as it takes."
        fix = "Set lockout_failure_attempts in [security_compliance]."
        found.append(Finding("note", "No number of wrong passwords locks a user out.", why, fix))
    yield from found
    if not any(one.verdict == "wrong" for one in found):
        yield Finding("ok", "The rules on passwords fit each other.", "Users must be able to obey them.")


def _ages(rules: SecurityCompliance) -> Iterator[Finding]:
    expires = rules.password_expires_days
    if expires is not None and rules.minimum_password_age >= expires:
        fact = f"A password expires after {expires} days, and may be changed after {rules.minimum_password_age} days."
        why = "Users could not change their passwords before they expire."
        yield Finding("wrong", fact, why, "Set minimum_password_age below password_expires_days.")


def _expression(rules: SecurityCompliance) -> Iterator[Finding]:
    if not rules.password_regex:
        return
    try:
        re.compile(rules.password_regex)
    except re.error as error:
        why = "No password can be changed until it can be read."
        yield Finding("wrong", f"password_regex is no regular expression: {error}.", why, "Correct it in haneul.toml.")
    if not rules.password_regex_description:
        why = "Users whose passwords are refused are not told what would be accepted."
        fix = "Set password_regex_description."
        yield Finding("wrong", "password_regex has no description.", why, fix)


def encrypted_credentials(place: Place) -> Iterator[Finding]:
    """Credentials that an older key than the primary encrypts."""
    if not place.has_database or not place.credential_keys.is_dir():
        return
    why = "Keys can't rotate again while a credential needs an older one."
    with database(place) as store:
        current = store.read(lambda db: is_current(db, KeyRing(place.credential_keys)))
    if current:
        yield Finding("ok", "Every credential is encrypted with the primary key.", why)
    else:
        fact = "There are credentials that are encrypted with another key than the primary."
        yield Finding("note", fact, why, "haneul identity credential-migrate")


def audit_trail(place: Place) -> Iterator[Finding]:
    """The end of the audit trail; `audit verify` reads all of it."""
    if not place.has_database:
        return
    why = "Each record of the audit trail is sealed over those before it, so that no one can change them unnoticed."
    with database(place) as store:
        head, records = store.read(_end_of_trail)
    if head.sequence == 0:
        yield Finding("ok", "The audit trail has no record yet.", why)
        return
    before, last = (records[-2].seal if len(records) > 1 else ""), records[-1] if records else None
    if last is None or last.sequence != head.sequence or seal_of(last, head.sequence, before) != head.seal:
        fact = f"The end of the audit trail, record {head.sequence}, is not as it was sealed."
        yield Finding("wrong", fact, why, "haneul identity audit verify")
    else:
        yield Finding("ok", f"The audit trail has {head.sequence} records, and its end is as it was sealed.", why)


def _end_of_trail(db: Db) -> tuple[ChainHead, Sequence[AuditRecord]]:
    head = db.one(HEAD, id=1) or START
    behind = db.all(AFTER, sequence=max(head.sequence - 2, 0))
    return head, [record for record in behind if (record.sequence or 0) <= head.sequence]


CHECKS: tuple[Callable[[Place], Iterator[Finding]], ...] = (
    token_keys,
    credential_keys,
    separate_keys,
    signing_keys,
    token_length,
    passwords,
    encrypted_credentials,
    audit_trail,
)
