"""The `keystone-manage` command, as installation guides type it: `haneul identity` in Keystone's spelling."""

import sys
from typing import NoReturn

import click

from haneul.cli.failures import Failure
from haneul.cli.identity import identity_command
from haneul.cli.identity.schema import db_sync_command, db_version_command, token_flush_command
from haneul.cli.main import run

# What Keystone splits into the keys of tokens and those of receipts is one repository here.
SAME = {
    "token_setup": "fernet-setup",
    "receipt_setup": "fernet-setup",
    "token_rotate": "fernet-rotate",
    "receipt_rotate": "fernet-rotate",
}
WITHOUT = {
    "domain_config_upload": "Domains have no configuration of their own here",
    "mapping_engine": "There is no federation here",
    "mapping_populate": "There are no directories of users outside the database here",
    "mapping_purge": "There are no directories of users outside the database here",
    "reset_last_active": "Since when a user is idle is known from his first day here",
    "saml_idp_metadata": "There is no federation here",
    "pki_setup": "There are no PKI tokens here",
}


class KeystoneManage(click.Group):
    """Names of Keystone's own commands, and a sentence for those that have nothing to do here."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] in WITHOUT:
            raise Failure(f"{WITHOUT[args[0]]}, so that `keystone-manage {args[0]}` has nothing to do.")
        return super().resolve_command(ctx, args)


@click.group(cls=KeystoneManage, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--config-file", "--config-dir", "files", multiple=True, metavar="PATH", help="Accepted, and not read.")
@click.option("-d", "--debug", is_flag=True, hidden=True, expose_value=False)
def keystone_manage(files: tuple[str, ...]) -> None:
    """Keystone's administration, for guides that were written for it; `haneul identity` does the same."""
    for file in files:
        print(f"Note: {file} is not read. Settings are in haneul.toml, or in HANEUL_ variables.", file=sys.stderr)


for _name, _command in identity_command.commands.items():
    keystone_manage.add_command(_command, _name.replace("-", "_"))
for _name, _same in SAME.items():
    keystone_manage.add_command(identity_command.commands[_same], _name)
for _command in (db_sync_command, db_version_command, token_flush_command):
    keystone_manage.add_command(_command)


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command; exit code 0, 1 for what went wrong, 2 for a wrong use."""
    run(keystone_manage, "keystone-manage", sys.argv[1:] if arguments is None else arguments)
