"""`haneul identity`: what administrators of identity do beside its API. `keystone-manage` is its second name."""

import click

from haneul.cli.identity.audit import audit_command
from haneul.cli.identity.bootstrap import bootstrap_command
from haneul.cli.identity.doctor import doctor_command
from haneul.cli.identity.keys import (
    create_jws_keypair_command,
    credential_migrate_command,
    credential_rotate_command,
    credential_setup_command,
    fernet_rotate_command,
    fernet_setup_command,
)
from haneul.cli.identity.trusts import trust_flush_command

COMMANDS = (
    bootstrap_command,
    fernet_setup_command,
    fernet_rotate_command,
    credential_setup_command,
    credential_rotate_command,
    credential_migrate_command,
    create_jws_keypair_command,
    trust_flush_command,
    doctor_command,
    audit_command,
)


@click.group("identity")
def identity_command() -> None:
    """Administer identity: its first administrator, its keys, its trusts and its audit trail."""


for _command in COMMANDS:
    identity_command.add_command(_command)
