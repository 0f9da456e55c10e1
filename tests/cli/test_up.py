"""`haneul up` and what it leaves for its user."""

import os
import pwd
import ssl
import stat
from pathlib import Path

import httpx
import pytest
import yaml
from tests.cli.commands import PORTS, CommandedCloud


def test_every_port_answers(running: CommandedCloud) -> None:
    for service in PORTS:
        path = "/identity/v3" if service == "all" else "/"
        assert httpx.get(running.url(service, path)).status_code in (200, 300), service


def test_a_second_up_changes_nothing(running: CommandedCloud) -> None:
    before = running.pids()
    said = running.run("up", "--json")
    assert said.code == 0
    assert said.json["was_running"] is True
    assert said.json["seeded"] == []
    assert running.pids() == before


def test_up_on_a_running_cloud_refuses_other_options(running: CommandedCloud) -> None:
    said = running.run("up", "--base-port", "1")
    assert said.code == 1
    assert f"runs with --base-port {running.base_port}, not 1." in said.err
    assert "haneul down" in said.err
    assert running.run("up", "--bare").code == 1
    assert running.run("up", "--base-port", str(running.base_port), "--simulate").code == 0


def test_a_new_user_finds_flavors_and_an_image(running: CommandedCloud) -> None:
    token = running.token()
    flavors = running.get("compute", "/v2.1/flavors", token).json()["flavors"]
    assert {"m1.nano", "m1.tiny", "m1.small", "m1.xlarge"} <= {flavor["name"] for flavor in flavors}
    images = running.get("image", "/v2/images", token).json()["images"]
    assert [(image["name"], image["status"], image["visibility"]) for image in images] == [
        ("simulated", "active", "public")
    ]


def test_credentials_are_for_their_owner_only(running: CommandedCloud) -> None:
    for name in ("admin-openrc", "clouds.yaml", "control/admin-password"):
        assert stat.S_IMODE((running.state / name).stat().st_mode) == 0o600
    assert stat.S_IMODE((running.state / "control").stat().st_mode) == 0o700
    entry = yaml.safe_load((running.state / "clouds.yaml").read_text())["clouds"]["haneul"]
    assert entry["auth"]["auth_url"] == running.url("identity", "/v3")
    assert running.token(entry["auth"]["username"], entry["auth"]["password"])


def test_openrc_is_what_a_shell_reads(running: CommandedCloud) -> None:
    said = running.run("openrc")
    assert said.out == (running.state / "admin-openrc").read_text()
    told = running.run("openrc", "--json").json
    assert said.out == "".join(f"export {name}={value}\n" for name, value in told.items())
    assert told == {
        "OS_AUTH_URL": running.url("identity", "/v3"),
        "OS_IDENTITY_API_VERSION": "3",
        "OS_USERNAME": "admin",
        "OS_PASSWORD": running.password(),
        "OS_PROJECT_NAME": "admin",
        "OS_USER_DOMAIN_NAME": "Default",
        "OS_PROJECT_DOMAIN_NAME": "Default",
        "OS_REGION_NAME": "RegionOne",
    }


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give control an account of its own")
def test_control_has_an_account_of_its_own(running: CommandedCloud) -> None:
    outcome = running.run("up", "--json").json
    uid = Path(f"/proc/{outcome['processes']['control']}").stat().st_uid
    assert uid == pwd.getpwnam("haneul").pw_uid or any("runs as root" in note for note in outcome["notes"])
    assert Path(f"/proc/{outcome['processes']['agent']}").stat().st_uid == 0


def test_status_shows_processes_and_services(running: CommandedCloud) -> None:
    said = running.run("status")
    assert said.code == 0
    assert f"cloud in {running.state} runs." in said.out
    shown = running.run("status", "--json").json
    assert [one["process"] for one in shown["processes"]] == ["supervisor", "control", "agent"]
    assert all(one["state"] == "ready" and one["memory_mb"] > 1 for one in shown["processes"])
    assert all(one["listens"] for one in shown["services"])
    assert shown["guests"] == []


def test_a_deleted_image_stays_deleted(fresh: CommandedCloud) -> None:
    assert fresh.started()["seeded"] == ["the external network public (172.24.4.0/24)", "the image simulated"]
    token = fresh.token()
    (image,) = fresh.get("image", "/v2/images", token).json()["images"]
    httpx.delete(fresh.url("image", f"/v2/images/{image['id']}"), headers={"X-Auth-Token": token})
    assert fresh.run("up", "--json").json["seeded"] == []
    assert fresh.get("image", "/v2/images", token).json()["images"] == []


def test_a_bare_cloud_is_completed_and_moves_to_other_ports_and_to_tls(fresh: CommandedCloud) -> None:
    assert fresh.up("--bare").code == 0
    token, password = fresh.token(), fresh.password()
    assert fresh.get("compute", "/v2.1/flavors", token).json()["flavors"] == []
    assert fresh.get("image", "/v2/images", token).json()["images"] == []
    catalog = fresh.get("identity", "/v3/auth/catalog", token).json()["catalog"]
    assert [entry["type"] for entry in catalog] == ["identity"]
    fresh.run("down")
    said = fresh.run("up", "--no-simulate", "--json")
    assert said.code == 1
    assert "is a simulated one" in said.json["error"]

    assert fresh.up("--no-bare", "--tls").code == 0
    told = fresh.run("openrc", "--json").json
    url = fresh.url("identity", "/v3").replace("http:", "https:")
    assert (told["OS_AUTH_URL"], told["OS_PASSWORD"]) == (url, password)
    trusting = ssl.create_default_context(cafile=told["OS_CACERT"])
    assert httpx.get(url, verify=trusting).status_code == 200
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)
    listed = fresh.run("doctor", "--json").json["findings"]
    assert any("certificate" in one["fact"] and one["verdict"] == "ok" for one in listed)
    catalog = httpx.get(f"{url}/auth/catalog", verify=trusting, headers={"X-Auth-Token": token}).json()["catalog"]
    urls = {entry["type"]: {endpoint["url"] for endpoint in entry["endpoints"]} for entry in catalog}
    assert urls["image"] == {fresh.url("image", "").replace("http:", "https:")}
    assert urls["compute"] == {fresh.url("compute", "/v2.1").replace("http:", "https:")}
