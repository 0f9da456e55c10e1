from tests.services.identity.people import grant, login, make, persona, role_id, try_login, whoami
from tests.support.cloud import Client, RunningCloud


def test_a_role_is_created_shown_changed_and_deleted(admin: Client) -> None:
    role = make(admin, "role", name="operator", description="Turns knobs")
    assert role | {"id": "", "links": {}} == {
        "id": "",
        "name": "operator",
        "domain_id": None,
        "description": "Turns knobs",
        "options": {},
        "links": {},
    }
    path = f"/v3/roles/{role['id']}"
    changed = admin.patch("identity", path, json={"role": {"name": "engineer", "pay": "good"}}).json()["role"]
    assert (changed["name"], changed["pay"], changed["description"]) == ("engineer", "good", "Turns knobs")
    assert admin.get("identity", path).json()["role"] == changed
    assert admin.delete("identity", path).status_code == 204
    assert admin.get("identity", path).status_code == 404


def test_the_first_roles_are_there(admin: Client) -> None:
    names = {role["name"] for role in admin.get("identity", "/v3/roles").json()["roles"]}
    assert names >= {"ResellerAdmin", "SwiftOperator", "reader", "member", "manager", "admin", "service", "_member_"}
    assert admin.delete("identity", f"/v3/roles/{role_id(admin, 'admin')}").status_code == 403


def test_a_role_of_a_domain_is_listed_only_there(admin: Client) -> None:
    domain = make(admin, "domain")
    own = make(admin, "role", name="reader", domain_id=domain["id"])
    everywhere = admin.get("identity", "/v3/roles", params={"name": "reader"}).json()["roles"]
    inside = admin.get("identity", "/v3/roles", params={"domain_id": domain["id"]}).json()["roles"]
    assert own["id"] not in [role["id"] for role in everywhere]
    assert [role["id"] for role in inside] == [own["id"]]
    twice = {"name": "reader", "domain_id": domain["id"]}
    assert admin.post("identity", "/v3/roles", json={"role": twice}).status_code == 409


def test_a_deleted_role_is_lost_at_once(cloud: RunningCloud, admin: Client) -> None:
    role, project, user = make(admin, "role"), make(admin, "project"), make(admin, "user")
    grant(admin, user, role["name"], f"projects/{project['id']}")
    client = login(cloud, user, {"project": {"id": project["id"]}})
    assert admin.delete("identity", f"/v3/roles/{role['id']}").status_code == 204
    assert whoami(client) == 401


def test_an_immutable_role_stays(admin: Client) -> None:
    role = make(admin, "role", options={"immutable": True})
    path = f"/v3/roles/{role['id']}"
    assert admin.delete("identity", path).status_code == 403
    refused = admin.patch("identity", path, json={"role": {"name": "other"}})
    assert (refused.status_code, "immutable" in refused.json()["error"]["message"]) == (403, True)


def test_a_role_implies_another_until_it_no_longer_does(cloud: RunningCloud, admin: Client) -> None:
    prior, implied = make(admin, "role"), make(admin, "role")
    project, user = make(admin, "project"), make(admin, "user")
    grant(admin, user, prior["name"], f"projects/{project['id']}")
    path = f"/v3/roles/{prior['id']}/implies/{implied['id']}"
    created = admin.put("identity", path)
    assert created.status_code == 201
    assert created.json()["role_inference"]["implies"]["name"] == implied["name"]
    assert admin.put("identity", path).status_code == 201
    assert (admin.get("identity", path).status_code, admin.request("HEAD", "identity", path).status_code) == (200, 204)
    client = login(cloud, user, {"project": {"id": project["id"]}})

    def roles() -> set[str]:
        document = client.get("identity", "/v3/auth/tokens", headers={"X-Subject-Token": client.token}).json()
        return {role["name"] for role in document["token"]["roles"]}

    assert roles() == {prior["name"], implied["name"]}
    assert admin.delete("identity", path).status_code == 204
    assert (roles(), admin.get("identity", path).status_code) == ({prior["name"]}, 404)


def test_a_domain_role_implies_any_role_and_a_global_one_no_domain_role(admin: Client) -> None:
    one, other = make(admin, "domain"), make(admin, "domain")
    prior, foreign = make(admin, "role", domain_id=one["id"]), make(admin, "role", domain_id=other["id"])
    everywhere = make(admin, "role")
    for implied in (foreign, everywhere):
        assert admin.put("identity", f"/v3/roles/{prior['id']}/implies/{implied['id']}").status_code == 201
    refused = admin.put("identity", f"/v3/roles/{everywhere['id']}/implies/{prior['id']}")
    assert refused.status_code == 403
    assert refused.json()["error"]["message"] == "Global role cannot imply a domain-specific role"


def test_none_implies_admin(admin: Client) -> None:
    first, domain = make(admin, "role"), make(admin, "domain")
    own_admin = make(admin, "role", name="admin", domain_id=domain["id"])
    own = make(admin, "role", domain_id=domain["id"])
    for prior, implied in ((first["id"], role_id(admin, "admin")), (own["id"], own_admin["id"])):
        refused = admin.put("identity", f"/v3/roles/{prior}/implies/{implied}")
        assert refused.status_code == 403
        assert refused.json()["error"]["message"] == f"{implied} cannot be an implied roles."


def test_roles_that_imply_each_other_are_all_held_by_who_has_one(cloud: RunningCloud, admin: Client) -> None:
    ring = [make(admin, "role") for _ in range(3)]
    for prior, implied in zip(ring, ring[1:] + ring[:1], strict=True):
        assert admin.put("identity", f"/v3/roles/{prior['id']}/implies/{implied['id']}").status_code == 201
    assert admin.put("identity", f"/v3/roles/{ring[0]['id']}/implies/{ring[0]['id']}").status_code == 201
    user, project = make(admin, "user"), make(admin, "project")
    grant(admin, user, ring[1]["name"], f"projects/{project['id']}")
    token = try_login(cloud, user, {"project": {"id": project["id"]}}).json()["token"]
    assert {role["id"] for role in token["roles"]} == {role["id"] for role in ring}
    params = {"user.id": user["id"], "effective": ""}
    found = admin.get("identity", "/v3/role_assignments", params=params).json()["role_assignments"]
    assert sorted(one["role"]["id"] for one in found) == sorted(role["id"] for role in ring)
    for prior in ring:
        assert admin.delete("identity", f"/v3/roles/{prior['id']}").status_code == 204


def test_inferences_are_listed(admin: Client) -> None:
    found = admin.get("identity", "/v3/role_inferences").json()["role_inferences"]
    implied = {one["prior_role"]["id"]: [role["name"] for role in one["implies"]] for one in found}
    assert [implied[role_id(admin, name)] for name in ("admin", "member")] == [["manager"], ["reader"]]
    path = f"/v3/roles/{role_id(admin, 'manager')}/implies"
    shown = admin.get("identity", path).json()["role_inference"]
    assert [role["name"] for role in shown["implies"]] == ["member"]


def test_a_member_sees_no_roles_and_a_domains_manager_those_he_may_give(cloud: RunningCloud, admin: Client) -> None:
    domain, project = make(admin, "domain"), make(admin, "project")
    member = persona(cloud, admin, "member", f"projects/{project['id']}")
    manager = persona(cloud, admin, "manager", f"domains/{domain['id']}", domain_id=domain["id"])
    assert member.get("identity", "/v3/roles").status_code == 403
    assert member.get("identity", f"/v3/roles/{role_id(admin, 'reader')}").status_code == 403
    assert manager.get("identity", "/v3/roles").status_code == 200
    assert manager.get("identity", f"/v3/roles/{role_id(admin, 'reader')}").status_code == 200
    assert manager.get("identity", f"/v3/roles/{role_id(admin, 'admin')}").status_code == 403
    assert manager.post("identity", "/v3/roles", json={"role": {"name": "mine"}}).status_code == 403
