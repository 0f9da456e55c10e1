"""What goes wrong is a sentence with a fix, exit code 1; a wrong use is 2; a traceback is never seen."""

import os
import socket
from pathlib import Path

import pytest
from tests.cli.commands import CommandedCloud, haneul, processes_of


def test_a_wrong_use_is_code_2() -> None:
    for words in (
        ["nonsense"],
        ["up", "--nonsense"],
        ["up", "--base-port", "x"],
        ["why"],
        ["image", "build-guest"],
        [],
    ):
        assert haneul(*words).code == 2, words


@pytest.mark.parametrize("command", ["status", "down", "logs", "openrc"])
def test_no_cloud_is_said_plainly(command: str, tmp_path: Path) -> None:
    said = haneul(command, "--state", str(tmp_path / "none"))
    assert said.code == 1
    assert said.err == (
        f"haneul: There is no cloud in {tmp_path / 'none'}.\nRun `haneul up`, or name another folder by --state.\n"
    )
    told = haneul(command, "--state", str(tmp_path / "none"), "--json")
    assert told.code == 1
    assert told.json["error"] == f"There is no cloud in {tmp_path / 'none'}."


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("precious")
    said = haneul("up", "--simulate", "--state", str(tmp_path))
    assert said.code == 1
    assert "holds other things (thesis.tex)" in said.err
    said = haneul("down", "--wipe", "--yes", "--state", str(tmp_path))
    assert said.code == 1
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


@pytest.mark.skipif(os.geteuid() != 0, reason="Only root can make a folder another's.")
@pytest.mark.parametrize("inside", [".", "tree"])
def test_a_folder_of_somebody_else_is_not_trusted(inside: str, tmp_path: Path) -> None:
    """In a place where all may write, whoever comes first could have us end processes of his choice, as root."""
    state = tmp_path / "state"
    (state / "tree").mkdir(parents=True)
    os.chown(state / inside, 65_534, 65_534)
    for command in (["up", "--simulate"], ["down", "--wipe", "--yes"]):
        said = haneul(*command, "--state", str(state))
        assert (said.code, "is another user's" in said.err) == (1, True), said.err
    assert [path.name for path in state.iterdir()] == ["tree"]


def test_a_taken_port_is_named(fresh: CommandedCloud) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = haneul("up", "--simulate", "--state", str(fresh.state), "--base-port", str(port - 5000))
        if port < 5000 or port - 5000 > 50_000:
            pytest.skip("the system gave a port that no base port reaches")
    assert said.code == 1
    assert f"can't listen: port {port} on 127.0.0.1: Address already in use" in said.err
    assert "--base-port" in said.err
    assert processes_of(fresh.state) == []
    assert fresh.run("status").code == 1
    assert fresh.up().code == 0, "what failed is still remembered"


CONFIGURATIONS = {
    "[cloud]\nbinds = 'x'\n": "[cloud] has no option binds; it has",
    "[cloud]\nbus = 'http://user:hushhush@host'\n": "A bus can't be at a URL of the kind http:",
    "[cloud]\nbase_port = 'x'\n": "[cloud] Expected `int`, got `str` - at `$.base_port`",
    "[cloud\n": "can't be read",
    "[identity]\ntoken_lives = 3\n": "[identity] has no option token_lives",
    "[image]\nmost_bytes = []\n": "[image] Expected `int`",
}


@pytest.mark.parametrize("text", CONFIGURATIONS)
def test_a_wrong_configuration_is_named(fresh: CommandedCloud, text: str) -> None:
    config = fresh.state.parent / "haneul.toml"
    config.write_text(text)
    said = fresh.up("--config", str(config))
    assert said.code == 1
    assert CONFIGURATIONS[text] in said.err
    assert "Correct it" in said.err
    assert "hushhush" not in said.err
    assert processes_of(fresh.state) == []


def test_a_configuration_that_is_corrected_is_taken(fresh: CommandedCloud) -> None:
    config = fresh.state.parent / "haneul.toml"
    config.write_text("[identity]\ntoken_lives = 3\n")
    assert fresh.up("--config", str(config)).code == 1
    config.write_text("[identity]\ntoken_life_s = 7777\n[cloud]\nregion = 'Seoul'\n")
    assert fresh.up("--config", str(config)).code == 0
    assert fresh.run("openrc", "--json").json["OS_REGION_NAME"] == "Seoul"


def test_a_database_that_is_none_is_named_without_its_password(fresh: CommandedCloud) -> None:
    said = fresh.up("--db", "oracle://user:hushhush@host/name")
    assert said.code == 1
    assert "A database can't be at a URL of the kind oracle" in said.err
    assert "hushhush" not in said.err


def test_a_variable_that_is_wrong_is_named(fresh: CommandedCloud) -> None:
    said = fresh.up(HANEUL_CLOUD_TLS="perhaps")
    assert said.code == 1
    assert "[cloud]" in said.err
    assert "HANEUL_" in said.err
