"""The program nft, in the network namespace of the calling thread."""

from collections.abc import Iterable
from typing import Any

import msgspec

from haneul.host.run import RunFailed, run

TRANSACTION_S = 60.0


def transact(lines: Iterable[str]) -> None:
    """Do all of this or nothing, between two packets; RunFailed with nft's reason."""
    text = "\n".join(lines) + "\n"
    run(["nft", "-f", "-"], timeout_s=TRANSACTION_S, input=text.encode())


def listed(what: str) -> list[dict[str, Any]] | None:
    """What a list command shows, each thing as nft's JSON; None if the table or chain isn't there."""
    try:
        # One command at a time: nft sees only what the first of several is about. And with -j, what it reads from its
        # input would have to be JSON too.
        said = run(["nft", "-j", f"list {what}"], timeout_s=TRANSACTION_S).stdout
    except RunFailed as error:
        if is_absent(error):
            return None
        raise
    return [thing for line in said.splitlines() if line.strip() for thing in msgspec.json.decode(line)["nftables"]]


def shown(family: str, table: str, chain: str) -> list[str]:
    """The rules of a chain as nft writes them; none if it isn't there."""
    try:
        said = run(["nft", f"list chain {family} {table} {chain}"], timeout_s=TRANSACTION_S)
    except RunFailed as error:
        if is_absent(error):
            return []
        raise
    # The first two lines and the last two are the table's and the chain's own.
    return [line.strip() for line in said.stdout.decode().splitlines()[2:-2]]


def is_absent(error: RunFailed) -> bool:
    """Whether nft refused because something isn't there."""
    return "No such file or directory" in str(error)


def is_busy(error: RunFailed) -> bool:
    """Whether nft refused because something else still points to what was to go."""
    return "Device or resource busy" in str(error)
