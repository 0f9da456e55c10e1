"""`haneul down`, and two clouds that mind their own things."""

import httpx
from tests.cli.commands import CommandedCloud, cloud_to_command, haneul, processes_of


def test_down_stops_everything_and_keeps_the_state(fresh: CommandedCloud) -> None:
    outcome = fresh.started()
    password = fresh.password()
    said = fresh.run("down", "--json")
    assert said.code == 0
    assert said.json["was_running"] is True
    assert processes_of(fresh.state) == []
    assert fresh.run("status").code == 1
    assert fresh.run("down", "--json").json["was_running"] is False
    again = fresh.started()
    assert again["cloud_id"] == outcome["cloud_id"]
    assert fresh.password() == password
    assert fresh.token()


def test_wipe_asks_first_and_leaves_nothing(fresh: CommandedCloud) -> None:
    fresh.started()
    assert fresh.run("down", "--wipe").code in (1, 130)
    said = fresh.run("down", "--wipe", "--json")
    assert (said.code, said.json["fix"]) == (1, "Add --yes.")
    assert fresh.run("status").code == 0
    said = fresh.run("down", "--wipe", "--yes")
    assert said.code == 0
    assert "are gone" in said.out
    assert not fresh.state.exists()
    assert processes_of(fresh.state) == []
    assert fresh.run("down", "--wipe", "--yes").code == 0


def test_two_clouds_do_not_touch_each_other() -> None:
    with cloud_to_command() as one, cloud_to_command() as other:
        first, second = one.started(), other.started()
        assert first["cloud_id"] != second["cloud_id"]
        assert one.get("identity", "/v3/projects", other.token()).status_code == 401
        assert haneul("down", "--wipe", "--yes", "--state", str(one.state)).code == 0
        assert httpx.get(other.url("identity", "/v3")).status_code == 200
        assert len(other.pids()) == 3
