from tests.services.identity.people import make, persona
from tests.support.cloud import Client, RunningCloud


def test_a_group_is_created_shown_changed_and_deleted(admin: Client) -> None:
    group = make(admin, "group", name="gardeners", description="Roses", badge="green")
    assert group | {"id": "", "links": {}} == {
        "id": "",
        "name": "gardeners",
        "domain_id": "default",
        "description": "Roses",
        "badge": "green",
        "links": {},
    }
    path = f"/v3/groups/{group['id']}"
    changed = admin.patch("identity", path, json={"group": {"name": "foresters"}}).json()["group"]
    assert (changed["name"], changed["badge"]) == ("foresters", "green")
    assert admin.get("identity", "/v3/groups", params={"name": "foresters"}).json()["groups"] == [changed]
    assert admin.delete("identity", path).status_code == 204
    assert admin.get("identity", path).status_code == 404


def test_users_come_and_go(admin: Client) -> None:
    group, user = make(admin, "group"), make(admin, "user")
    one = f"/v3/groups/{group['id']}/users/{user['id']}"
    assert admin.get("identity", one).status_code == 404
    assert [admin.put("identity", one).status_code for _ in range(2)] == [204, 204]
    assert admin.request("HEAD", "identity", one).status_code == 204
    members = admin.get("identity", f"/v3/groups/{group['id']}/users").json()["users"]
    groups = admin.get("identity", f"/v3/users/{user['id']}/groups").json()["groups"]
    assert ([found["id"] for found in members], [found["id"] for found in groups]) == ([user["id"]], [group["id"]])
    assert admin.delete("identity", one).status_code == 204
    assert admin.delete("identity", one).status_code == 404


def test_a_name_stands_once_in_a_domain(admin: Client) -> None:
    make(admin, "group", name="once")
    assert admin.post("identity", "/v3/groups", json={"group": {"name": "once"}}).status_code == 409


def test_a_domains_manager_keeps_to_his_domain(cloud: RunningCloud, admin: Client) -> None:
    domain = make(admin, "domain")
    manager = persona(cloud, admin, "manager", f"domains/{domain['id']}", domain_id=domain["id"])
    own = make(manager, "group", domain_id=domain["id"])
    foreign, stranger = make(admin, "group"), make(admin, "user")
    assert own["domain_id"] == domain["id"]
    assert [group["id"] for group in manager.get("identity", "/v3/groups").json()["groups"]] == [own["id"]]
    assert manager.get("identity", f"/v3/groups/{foreign['id']}").status_code == 403
    assert manager.put("identity", f"/v3/groups/{own['id']}/users/{stranger['id']}").status_code == 403


def test_who_asks_for_a_domain_sees_only_it_in_memberships(cloud: RunningCloud, admin: Client) -> None:
    domain = make(admin, "domain")
    reader = persona(cloud, admin, "admin", f"domains/{domain['id']}", domain_id=domain["id"])
    group, foreign = make(admin, "group", domain_id=domain["id"]), make(admin, "group")
    user, stranger = make(admin, "user", domain_id=domain["id"]), make(admin, "user")
    for place in (group, foreign):
        for member in (user, stranger):
            path = f"/v3/groups/{place['id']}/users/{member['id']}"
            assert admin.put("identity", path).status_code == 204
    members = reader.get("identity", f"/v3/groups/{group['id']}/users").json()["users"]
    assert [member["id"] for member in members] == [user["id"]]
    groups = reader.get("identity", f"/v3/users/{user['id']}/groups").json()["groups"]
    assert [place["id"] for place in groups] == [group["id"]]
    assert len(admin.get("identity", f"/v3/groups/{group['id']}/users").json()["users"]) == 2
