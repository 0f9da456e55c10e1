"""A guest without a network learns from its config drive who it is, and what its user told it."""

import base64

import pytest
from tests.machine.conftest import Pair
from tests.support.guests import wait_for_prompt
from tests.support.hosts import eventually

pytestmark = pytest.mark.machine

SCRIPT = b"#!/bin/sh\necho user-data-ran-as $(id -un) on $(hostname) > /dev/ttyS0\n"


def test_the_guest_reads_its_config_drive(pair: Pair) -> None:
    server_id = pair.tree.create(
        "told by drive", config_drive=True, user_data=base64.b64encode(SCRIPT).decode(), metadata={"shade": "blue"}
    )
    pair.tree.becomes(server_id, "ACTIVE")
    wait_for_prompt(pair.tree, server_id)
    said = eventually(lambda: _console_with(pair, server_id, "user-data-ran-as root on told-by-drive"), 60)
    assert "datasource: config" in str(said)
    assert pair.tree.show(server_id)["config_drive"] == "True"
    pair.tree.delete(server_id)


def _console_with(pair: Pair, server_id: str, words: str) -> str:
    said: str = pair.tree.console(server_id)
    return said if words in said else ""
