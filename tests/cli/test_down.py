"""`haneul down`, and two clouds that mind their own things."""

import httpx
from tests.cli.commands import cloud_to_command, processes_of


def test_down_keeps_the_state_wipe_leaves_nothing_and_neither_touches_another_cloud() -> None:
    with cloud_to_command() as one, cloud_to_command() as other:
        first, second = one.started(), other.started()
        assert first["cloud_id"] != second["cloud_id"]
        assert one.get("identity", "/v3/projects", other.token()).status_code == 401
        password = one.password()

        said = one.run("down", "--json")
        assert (said.code, said.json["was_running"]) == (0, True)
        assert processes_of(one.state) == []
        assert one.run("status").code == 1
        assert one.run("down", "--json").json["was_running"] is False
        assert one.started()["cloud_id"] == first["cloud_id"]
        assert one.password() == password
        assert one.token()

        assert one.run("down", "--wipe").code in (1, 130)
        said = one.run("down", "--wipe", "--json")
        assert (said.code, said.json["fix"]) == (1, "Add --yes.")
        assert one.run("status").code == 0, "it was not confirmed, and yet it went down"
        said = one.run("down", "--wipe", "--yes")
        assert said.code == 0
        assert "are gone" in said.out
        assert not one.state.exists()
        assert processes_of(one.state) == []
        assert one.run("down", "--wipe", "--yes").code == 0

        assert httpx.get(other.url("identity", "/v3")).status_code == 200
        assert len(other.pids()) == 3
