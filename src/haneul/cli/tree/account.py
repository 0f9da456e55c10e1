"""Under which account control runs."""

import os
import sys
from pathlib import Path

import haneul
from haneul.cli.tree.layout import Layout
from haneul.host.account import Account, first_unreachable, own_account, system_account

NAME = "haneul"


def control_account(layout: Layout) -> Account:
    """An account of its own where we are root and it can reach what it needs; otherwise ours, with the reason."""
    if os.geteuid() != 0:
        return own_account()
    account = system_account(NAME)
    code = (Path(haneul.__file__).parent, Path(sys.prefix), Path(sys.executable), Path(os.__file__).parent)
    blocked = first_unreachable(account, (layout.state, *code))
    if blocked is None:
        return account
    because = (
        f"control runs as root, since the account {NAME} may not pass through {blocked}: "
        f"chmod o+x {blocked}, or install haneul and keep its state elsewhere."
    )
    return Account(uid=0, gid=0, because=because)
