import hashlib
from collections.abc import Iterator

import pytest
from tests.support.cloud import Client, RunningCloud
from tests.support.hosts import eventually, simulated_host

from haneul.services.compute.servers import queries

NEWEST = {"OpenStack-API-Version": "compute 2.100"}


@pytest.fixture(scope="module")
def nova(cloud: RunningCloud) -> Iterator[Client]:
    """An admin at the newest microversion, on a cloud with one simulated host."""
    with simulated_host(cloud):
        yield cloud.login().with_headers(OpenStack_API_Version="compute 2.100")


@pytest.fixture(scope="module")
def flavor(nova: Client) -> str:
    body = {"flavor": {"name": "small", "vcpus": 1, "ram": 128, "disk": 1, "id": "small"}}
    assert nova.post("compute", "/v2.1/flavors", json=body).status_code == 200
    return "small"


@pytest.fixture(scope="module")
def image(nova: Client) -> str:
    body = {"name": "blank", "disk_format": "raw", "container_format": "bare", "visibility": "public"}
    made = nova.post("image", "/v2/images", json=body).json()
    answer = nova.put(
        "image",
        f"/v2/images/{made['id']}/file",
        content=bytes(1 << 20),
        headers={"Content-Type": "application/octet-stream"},
    )
    assert answer.status_code == 204, answer.text
    return str(made["id"])


def create(nova: Client, flavor: str, image: str, name: str, **more: object) -> str:
    server = {"name": name, "flavorRef": flavor, "imageRef": image, "networks": "none", **more}
    answer = nova.post("compute", "/v2.1/servers", json={"server": server})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["server"]["id"])


def shown(nova: Client, server_id: str) -> dict[str, object]:
    answer = nova.get("compute", f"/v2.1/servers/{server_id}")
    assert answer.status_code == 200, answer.text
    found: dict[str, object] = answer.json()["server"]
    return found


def reaches(nova: Client, server_id: str, status: str) -> dict[str, object]:
    def there() -> dict[str, object] | None:
        found = shown(nova, server_id)
        return found if found["status"] == status and not found["OS-EXT-STS:task_state"] else None

    return eventually(there)  # type: ignore[return-value]


def act(nova: Client, server_id: str, **action: object) -> int:
    return nova.post("compute", f"/v2.1/servers/{server_id}/action", json=action).status_code


def is_gone(nova: Client, server_id: str) -> bool:
    return nova.get("compute", f"/v2.1/servers/{server_id}").status_code == 404


def test_a_server_is_made_stopped_started_rebooted_and_deleted(nova: Client, flavor: str, image: str) -> None:
    server_id = create(nova, flavor, image, "first")
    server = reaches(nova, server_id, "ACTIVE")
    assert server["OS-EXT-SRV-ATTR:host"] == "host-1"
    assert server["flavor"] == {
        "vcpus": 1,
        "ram": 128,
        "disk": 1,
        "ephemeral": 0,
        "swap": 0,
        "original_name": "small",
        "extra_specs": {},
    }
    assert server["OS-EXT-STS:power_state"] == 1
    assert act(nova, server_id, **{"os-stop": None}) == 202
    assert reaches(nova, server_id, "SHUTOFF")["OS-EXT-STS:power_state"] == 4
    assert act(nova, server_id, **{"os-stop": None}) == 409
    assert act(nova, server_id, **{"os-start": None}) == 202
    reaches(nova, server_id, "ACTIVE")
    for kind in ("SOFT", "HARD"):
        assert act(nova, server_id, reboot={"type": kind}) == 202
        reaches(nova, server_id, "ACTIVE")
    console = nova.post("compute", f"/v2.1/servers/{server_id}/action", json={"os-getConsoleOutput": {"length": 50}})
    assert "login:" in console.json()["output"]
    actions = nova.get("compute", f"/v2.1/servers/{server_id}/os-instance-actions").json()["instanceActions"]
    assert [action["action"] for action in actions] == ["reboot", "reboot", "start", "stop", "create"]
    assert nova.delete("compute", f"/v2.1/servers/{server_id}").status_code == 204
    eventually(lambda: is_gone(nova, server_id))


def test_what_can_not_be_placed_says_what_every_host_was_short_of(nova: Client, image: str) -> None:
    body = {"flavor": {"name": "huge", "vcpus": 1, "ram": 1 << 30, "disk": 1, "id": "huge"}}
    nova.post("compute", "/v2.1/flavors", json=body)
    nova.put("compute", f"/v2.1/os-quota-sets/{project_of(nova)}", json={"quota_set": {"ram": -1}})
    server_id = create(nova, "huge", image, "too big")
    fault = reaches(nova, server_id, "ERROR")["fault"]
    assert isinstance(fault, dict)
    assert fault["code"] == 500
    assert "No valid host was found" in fault["message"]
    assert "host-1: MEMORY_MB wanted 1073741824" in fault["message"]
    assert nova.delete("compute", f"/v2.1/servers/{server_id}").status_code == 204
    eventually(lambda: is_gone(nova, server_id))


def project_of(client: Client) -> str:
    token = client.get("identity", "/v3/auth/tokens", headers={"X-Subject-Token": client.token}).json()["token"]
    return str(token["project"]["id"])


def test_a_deleted_server_leaves_no_allocation_and_no_guest(
    cloud: RunningCloud, nova: Client, flavor: str, image: str
) -> None:
    server_id = create(nova, flavor, image, "brief")
    reaches(nova, server_id, "ACTIVE")
    assert nova.get("placement", f"/allocations/{server_id}").json()["allocations"]
    nova.delete("compute", f"/v2.1/servers/{server_id}")
    eventually(lambda: is_gone(nova, server_id))
    assert nova.get("placement", f"/allocations/{server_id}").json()["allocations"] == {}
    assert server_id not in {guest.id for guest in cloud.cloud.hosts.guests_on("host-1")}


def test_a_server_that_is_being_made_can_be_deleted(nova: Client, flavor: str, image: str) -> None:
    server_id = create(nova, flavor, image, "changed my mind")
    assert nova.delete("compute", f"/v2.1/servers/{server_id}").status_code == 204
    eventually(lambda: is_gone(nova, server_id))


def test_several_at_once_are_numbered(nova: Client, flavor: str, image: str) -> None:
    first = create(nova, flavor, image, "many", min_count=3, max_count=3)
    reaches(nova, first, "ACTIVE")
    found = nova.get("compute", "/v2.1/servers", params={"name": "^many-", "sort_key": "name", "sort_dir": "asc"})
    assert [server["name"] for server in found.json()["servers"]] == ["many-1", "many-2", "many-3"]
    for server in found.json()["servers"]:
        nova.delete("compute", f"/v2.1/servers/{server['id']}")


def test_the_list_is_paged(nova: Client, flavor: str, image: str) -> None:
    made = {create(nova, flavor, image, f"paged-{index}") for index in range(3)}
    seen, path = [], "/v2.1/servers/detail?limit=2&name=paged&sort_key=created_at&sort_dir=asc"
    while path:
        page = nova.get("compute", path).json()
        seen += [server["id"] for server in page["servers"]]
        links = page.get("servers_links", [])
        path = links[0]["href"].partition("/v2.1")[1] + links[0]["href"].partition("/v2.1")[2] if links else ""
    assert set(seen) == made
    for server_id in made:
        nova.delete("compute", f"/v2.1/servers/{server_id}")


def test_older_versions_see_older_servers(cloud: RunningCloud, nova: Client, flavor: str, image: str) -> None:
    server_id = create(nova, flavor, image, "old eyes")
    oldest = cloud.login().get("compute", f"/v2.1/servers/{server_id}").json()["server"]
    assert oldest["flavor"]["id"] == flavor
    assert "vcpus" not in oldest["flavor"]
    assert not {"tags", "locked", "description", "host_status"} & oldest.keys()
    project = project_of(nova)
    assert nova.get("compute", f"/v2.1/{project}/servers/{server_id}").status_code == 200
    nova.delete("compute", f"/v2.1/servers/{server_id}")


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"name": ""}, 400),
        ({"name": " led by a space"}, 400),
        ({"name": "x" * 256}, 400),
        ({"flavorRef": "nope"}, 400),
        ({"imageRef": "not-an-id"}, 400),
        ({"imageRef": "00000000-0000-0000-0000-000000000000"}, 400),
        ({"key_name": "nobody's"}, 400),
        ({"user_data": "%%%"}, 400),
        ({"metadata": {"k": "v" * 256}}, 400),
        ({"metadata": {f"k{number}": "v" for number in range(129)}}, 403),
        ({"hostname": "under_score!"}, 400),
        ({"hostname": "h" * 256}, 400),
        ({"hostname": "one", "max_count": 2}, 400),
        ({"accessIPv4": "fe80::1"}, 400),
        ({"availability_zone": "mars"}, 400),
        ({"min_count": 3, "max_count": 2}, 400),
        ({"unknown": 1}, 400),
        ({"networks": [{"uuid": "00000000-0000-0000-0000-000000000000"}]}, 400),
        ({"networks": None}, 400),
        ({"min_count": 1000, "max_count": 1000}, 403),
    ],
)
def test_a_wrong_request_makes_nothing(
    nova: Client, flavor: str, image: str, change: dict[str, object], status: int
) -> None:
    before = {server["id"] for server in nova.get("compute", "/v2.1/servers").json()["servers"]}
    server = {"name": "wrong", "flavorRef": flavor, "imageRef": image, "networks": "none", **change}
    answer = nova.post("compute", "/v2.1/servers", json={"server": server})
    assert answer.status_code == status, answer.text
    after = {server["id"] for server in nova.get("compute", "/v2.1/servers").json()["servers"]}
    assert after <= before


def test_another_projects_server_is_not_found(cloud: RunningCloud, nova: Client, flavor: str, image: str) -> None:
    server_id = create(nova, flavor, image, "mine")
    stranger = member_of_a_new_project(cloud, "stranger")
    assert stranger.get("compute", f"/v2.1/servers/{server_id}").status_code == 404
    assert stranger.delete("compute", f"/v2.1/servers/{server_id}").status_code == 404
    assert act(stranger, server_id, **{"os-stop": None}) == 404
    assert stranger.get("compute", "/v2.1/servers/detail").json()["servers"] == []
    assert stranger.get("compute", "/v2.1/servers", params={"all_tenants": "1"}).status_code == 403
    nova.delete("compute", f"/v2.1/servers/{server_id}")


def member_of_a_new_project(cloud: RunningCloud, name: str) -> Client:
    """A user who is member of a project of his own."""
    admin = cloud.login()
    project = admin.post("identity", "/v3/projects", json={"project": {"name": name}}).json()["project"]
    password = hashlib.sha256(name.encode()).hexdigest()
    user = {"name": name, "password": password, "domain_id": "default"}
    user_id = admin.post("identity", "/v3/users", json={"user": user}).json()["user"]["id"]
    roles = admin.get("identity", "/v3/roles", params={"name": "member"}).json()["roles"]
    path = f"/v3/projects/{project['id']}/users/{user_id}/roles/{roles[0]['id']}"
    assert admin.put("identity", path).status_code == 204
    return cloud.login({"project": {"id": project["id"]}}, name=name, password=password)


def test_a_locked_server_is_left_alone_by_who_is_no_admin(
    cloud: RunningCloud, nova: Client, flavor: str, image: str
) -> None:
    member = member_of_a_new_project(cloud, "keeper").with_headers(OpenStack_API_Version="compute 2.100")
    server_id = create(member, flavor, image, "kept")
    reaches(member, server_id, "ACTIVE")
    assert act(member, server_id, lock=None) == 202
    assert shown(member, server_id)["locked"] is True
    assert act(member, server_id, **{"os-stop": None}) == 409
    assert member.delete("compute", f"/v2.1/servers/{server_id}").status_code == 409
    assert act(member, server_id, unlock=None) == 202
    assert member.delete("compute", f"/v2.1/servers/{server_id}").status_code == 204
    eventually(lambda: is_gone(member, server_id))


def test_what_was_asked_for_is_told_again(cloud: RunningCloud, nova: Client, flavor: str, image: str) -> None:
    hints, hostname = {"query": "[]", "different_host": ["a"]}, "x" * 60 + ".example.com"
    server = {"name": "asked", "flavorRef": flavor, "imageRef": image, "networks": "none", "hostname": hostname}
    server |= {"OS-DCF:diskConfig": "AUTO", "availability_zone": "nova"}
    made = nova.post("compute", "/v2.1/servers", json={"server": server, "os:scheduler_hints": hints}).json()["server"]
    assert made["OS-DCF:diskConfig"] == "AUTO"
    found = reaches(nova, made["id"], "ACTIVE")
    assert (found["scheduler_hints"], found["pinned_availability_zone"]) == (hints, "nova")
    assert (found["OS-DCF:diskConfig"], found["OS-EXT-SRV-ATTR:hostname"]) == ("AUTO", hostname)
    kept = found["image"]
    assert isinstance(kept, dict)
    assert kept["properties"] == {
        "base_image_ref": image,
        "container_format": "bare",
        "disk_format": "raw",
        "min_disk": "1",
        "min_ram": "0",
    }
    older = nova.with_headers(OpenStack_API_Version="compute 2.97")
    assert "properties" not in shown(older, made["id"])["image"]  # type: ignore[operator]
    listed = nova.get("compute", "/v2.1/servers/detail", params={"name": "^asked$"}).json()["servers"]
    assert (found["server_groups"], listed) == ([], [{key: found[key] for key in found if key != "server_groups"}])
    nova.delete("compute", f"/v2.1/servers/{made['id']}")


def test_a_change_is_told_as_its_version_tells_it(cloud: RunningCloud, nova: Client, flavor: str, image: str) -> None:
    server_id = create(nova, flavor, image, "before")
    reaches(nova, server_id, "ACTIVE")
    path, change = (
        f"/v2.1/servers/{server_id}",
        {"name": "after", "accessIPv6": "FE80:0::1", "OS-DCF:diskConfig": "AUTO"},
    )
    newest = nova.put("compute", path, json={"server": change}).json()["server"]
    assert (newest["name"], newest["accessIPv6"], newest["OS-DCF:diskConfig"]) == ("after", "fe80::1", "AUTO")
    assert newest == shown(nova, server_id)
    older = nova.with_headers(OpenStack_API_Version="compute 2.74").put("compute", path, json={"server": change})
    told = older.json()["server"]
    assert not [name for name in told if ":" in name and name != "OS-DCF:diskConfig"]
    assert {"key_name", "config_drive", "security_groups", "host_status"}.isdisjoint(told)
    assert {"id", "status", "flavor", "locked", "tags", "server_groups", "locked_reason"} <= told.keys()
    for wrong in ({"accessIPv4": "fe80::1"}, {"hostname": "no good"}, {"name": ""}):
        assert nova.put("compute", path, json={"server": wrong}).status_code == 400
    named = nova.with_headers(OpenStack_API_Version="compute 2.93")
    for hostname, status in (("with.dots", 400), ("x" * 64, 400), ("plain-1", 200)):
        assert named.put("compute", path, json={"server": {"hostname": hostname}}).status_code == status
    nova.delete("compute", path)


def test_a_members_older_versions_do_not_tell_the_host_name(
    cloud: RunningCloud, nova: Client, flavor: str, image: str
) -> None:
    member = member_of_a_new_project(cloud, "listener").with_headers(OpenStack_API_Version="compute 2.89")
    server_id = create(member, flavor, image, "My server 1.0")
    assert "OS-EXT-SRV-ATTR:hostname" not in shown(member, server_id)
    newer = member.with_headers(OpenStack_API_Version="compute 2.90")
    assert shown(newer, server_id)["OS-EXT-SRV-ATTR:hostname"] == "my-server-1-0"
    nova.delete("compute", f"/v2.1/servers/{server_id}")


def test_a_server_is_locked_for_a_reason(nova: Client, flavor: str, image: str) -> None:
    server_id = create(nova, flavor, image, "sealed")
    reaches(nova, server_id, "ACTIVE")
    assert act(nova, server_id, lock={"locked_reason": "evidence"}) == 202
    assert shown(nova, server_id)["locked_reason"] == "evidence"
    assert act(nova, server_id, lock={"locked_reason": "x" * 256}) == 400
    assert act(nova, server_id, unlock=None) == 202
    assert (shown(nova, server_id)["locked_reason"], shown(nova, server_id)["locked"]) == (None, False)
    nova.delete("compute", f"/v2.1/servers/{server_id}")


def test_lines_of_a_console_are_counted_with_the_one_after_the_last_break(
    nova: Client, flavor: str, image: str
) -> None:
    server_id = create(nova, flavor, image, "talker")
    reaches(nova, server_id, "ACTIVE")

    def tail(length: object) -> str:
        path = f"/v2.1/servers/{server_id}/action"
        return str(nova.post("compute", path, json={"os-getConsoleOutput": {"length": length}}).json()["output"])

    whole = str(eventually(lambda: tail(None) if "login:" in tail(None) else ""))
    assert [len(tail(length).split("\n")) for length in (1, 3, "3")] == [1, 3, 3]
    assert (tail(-1), tail(0), whole.endswith(tail(2))) == (whole, "", True)
    assert act(nova, server_id, **{"os-getConsoleOutput": {"length": "many"}}) == 400
    nova.delete("compute", f"/v2.1/servers/{server_id}")


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        (r"^row\-[0-9]+$", ["row-1", "row-23"]),
        (r"row-[a-z]", ["row-x"]),
        ("^row", ["row-1", "row-23", "row-x"]),
        (r"w-2?3", ["row-23"]),
        ("^r.*2.$", ["row-23"]),
    ],
)
def test_servers_are_found_by_expressions(
    nova: Client, flavor: str, image: str, pattern: str, names: list[str]
) -> None:
    made = [create(nova, flavor, image, name) for name in ("row-1", "row-23", "row-x")]
    found = nova.get("compute", "/v2.1/servers", params={"name": pattern}).json()["servers"]
    assert sorted(server["name"] for server in found) == names
    for server_id in made:
        nova.delete("compute", f"/v2.1/servers/{server_id}")
    eventually(lambda: all(is_gone(nova, it) for it in made))


@pytest.mark.parametrize("pattern", ["(a+)+$", "a|b", "[a-", "[z-a]", "a{9}", "a*a*a*a*b", "*a", "x" * 256])
def test_expressions_that_could_take_for_ever_are_refused(nova: Client, pattern: str) -> None:
    assert nova.get("compute", "/v2.1/servers", params={"name": pattern}).status_code == 400


def test_an_ephemeral_disk_is_made_and_swap_is_refused(cloud: RunningCloud, nova: Client, image: str) -> None:
    more = {"name": "more", "id": "more", "vcpus": 1, "ram": 128, "disk": 1}
    nova.post("compute", "/v2.1/flavors", json={"flavor": {**more, "OS-FLV-EXT-DATA:ephemeral": 2}})
    server_id = create(nova, "more", image, "with more")
    reaches(nova, server_id, "ACTIVE")
    disks = cloud.cloud.store.read(lambda db: db.all(queries.DISKS_OF, server_id=server_id))
    assert [(disk.device_name, disk.size_gb, disk.image_id) for disk in disks] == [
        ("/dev/vda", 1, image),
        ("/dev/vdb", 2, None),
    ]
    nova.delete("compute", f"/v2.1/servers/{server_id}")
    nova.post("compute", "/v2.1/flavors", json={"flavor": {**more, "id": "swap", "name": "swap", "swap": 64}})
    server = {"name": "swap", "flavorRef": "swap", "imageRef": image, "networks": "none"}
    assert nova.post("compute", "/v2.1/servers", json={"server": server}).status_code == 501
