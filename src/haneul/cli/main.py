"""The `haneul` command: finds the subcommand, and turns whatever goes wrong into a sentence."""

import importlib
import os
import sys
import tempfile
import traceback
from typing import Any, NoReturn

import click

from haneul.cli.failures import Failure
from haneul.cli.screen import Screen
from haneul.host.run import RunFailed

# Each command's module is imported when it is called: `up` must not wait for what `demo` needs.
COMMANDS = {
    "up": "Start the cloud on this machine, or see that it runs.",
    "down": "Stop the cloud.",
    "status": "Show what runs.",
    "doctor": "Check this machine and the cloud, and say how to fix what is wrong.",
    "logs": "Show the logs, or one request's path through control and agent.",
    "openrc": "Print the shell variables that clients need.",
    "why": "Explain a refusal, or what is wrong with a server or a port.",
    "trace": "Follow a packet, and name the first place that drops it.",
    "demo": "Boot a server, show its console and the time of each step.",
    "identity": "Administer identity: its first administrator, keys, trusts and audit trail.",
    "image": "Make images, restore deleted ones, and see whether stores hold what they should.",
    "metadefs": "Load, export and unload definitions of metadata.",
    "version": "Print the version.",
}
HIDDEN = {"control": "processes", "agent": "processes", "supervise": "processes"}


class Commands(click.Group):
    """Commands by name, imported when wanted."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in COMMANDS:
            module = importlib.import_module(f"haneul.cli.{cmd_name}")
            command: click.Command = getattr(module, f"{cmd_name}_command")
            return command
        if cmd_name in HIDDEN:
            hidden: click.Command = getattr(importlib.import_module("haneul.cli.processes"), f"{cmd_name}_command")
            return hidden
        return None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def haneul() -> None:
    """A whole cloud in one program, speaking OpenStack's APIs."""


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command; exit code 0, 1 for what went wrong, 2 for a wrong use."""
    run(haneul, "haneul", sys.argv[1:] if arguments is None else arguments)


def run(command: click.Command, name: str, given: list[str]) -> NoReturn:
    """Run a command under its name, and end the program as `main` says."""
    sys.exit(_outcome(command, name, given))


def _outcome(command: click.Command, name: str, given: list[str]) -> int:
    screen = Screen("--json" in given)
    try:
        outcome: Any = command.main(args=given, prog_name=name, standalone_mode=False)
        return outcome if isinstance(outcome, int) else 0
    except click.exceptions.NoArgsIsHelpError as shown:
        shown.show()
        return 2
    except click.UsageError as wrong:
        return _wrong_use(wrong, screen)
    except click.ClickException as wrong:
        screen.failure(Failure(wrong.format_message()))
        return wrong.exit_code
    except Failure as failure:
        screen.failure(failure)
    except RunFailed as failed:
        screen.failure(Failure(str(failed)))
    except (click.Abort, KeyboardInterrupt):
        print(file=sys.stderr)
        return 130
    except BrokenPipeError:
        # Whoever read our output has had enough; nothing may be flushed to him at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except PermissionError as error:
        fix = "Run it as root, or as the user who ran `haneul up`."
        screen.failure(Failure(f"You may not use {error.filename or 'something that this needs'}.", fix))
    except Exception as error:
        if given[:1] and given[0] in HIDDEN:
            # A process of the cloud: its standard error is its log.
            traceback.print_exception(error)
        else:
            screen.failure(_unexpected(error))
    return 1


def _wrong_use(wrong: click.UsageError, screen: Screen) -> int:
    if screen.as_json:
        screen.failure(Failure(wrong.format_message()))
    else:
        wrong.show()
    return 2


def _unexpected(error: Exception) -> Failure:
    """Our own mistake: a sentence here, and the traceback in a file for whoever mends it."""
    with tempfile.NamedTemporaryFile("w", prefix="haneul-error-", suffix=".txt", delete=False) as file:
        file.write("".join(traceback.format_exception(error)))
    text = str(error).strip().splitlines()
    said = f"{type(error).__name__}: {text[0]}" if text else type(error).__name__
    return Failure(f"Something happened that haneul did not expect ({said}).", f"The details are in {file.name}.")
