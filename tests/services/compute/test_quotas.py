import pytest
from tests.support.cloud import Client

NEWEST = {"X-OpenStack-Nova-API-Version": "2.100"}
OLD = {"X-OpenStack-Nova-API-Version": "2.35"}
DEFAULTS = {
    "instances": 10,
    "cores": 20,
    "ram": 51200,
    "metadata_items": 128,
    "key_pairs": 100,
    "server_groups": 10,
    "server_group_members": 10,
}
FILES = {"injected_files": 5, "injected_file_content_bytes": 10240, "injected_file_path_bytes": 255}
NETWORKS = {"floating_ips": -1, "fixed_ips": -1, "security_groups": -1, "security_group_rules": -1}


def path(project: str, rest: str = "") -> str:
    return f"/v2.1/os-quota-sets/{project}{rest}"


def test_a_project_has_the_default_quotas_until_it_gets_its_own(admin: Client) -> None:
    shown = admin.get("compute", path("p1"), headers=NEWEST).json()["quota_set"]
    assert shown == {"id": "p1", **DEFAULTS}
    assert admin.get("compute", path("p1"), headers=OLD).json()["quota_set"] == {**shown, **FILES, **NETWORKS}
    body = {"quota_set": {"cores": "4", "ram": -1}}
    changed = admin.put("compute", path("p1"), json=body, headers=NEWEST)
    assert changed.status_code == 200
    assert changed.json()["quota_set"] == {**DEFAULTS, "cores": 4, "ram": -1}
    assert admin.get("compute", path("p1", "/defaults"), headers=NEWEST).json()["quota_set"]["cores"] == 20
    assert admin.get("compute", path("p2"), headers=NEWEST).json()["quota_set"]["cores"] == 20
    assert admin.delete("compute", path("p1")).status_code == 202
    assert admin.get("compute", path("p1"), headers=NEWEST).json()["quota_set"] == shown


def test_the_detail_tells_what_is_used(admin: Client) -> None:
    shown = admin.get("compute", path("p1", "/detail"), headers=NEWEST).json()["quota_set"]
    assert shown["cores"] == {"limit": 20, "in_use": 0, "reserved": 0}
    assert shown["id"] == "p1"


@pytest.mark.parametrize(
    "wrong", [{"cores": -2}, {"cores": "many"}, {"cores": 2**31}, {"colours": 1}, {"fixed_ips": 1}]
)
def test_a_quota_that_can_not_be_is_refused(admin: Client, wrong: dict[str, object]) -> None:
    assert admin.put("compute", path("p1"), json={"quota_set": wrong}, headers=NEWEST).status_code == 400


def test_a_class_changes_the_defaults_of_all(admin: Client) -> None:
    of_class = "/v2.1/os-quota-class-sets/default"
    assert admin.get("compute", of_class, headers=NEWEST).json()["quota_class_set"] == {"id": "default", **DEFAULTS}
    older = admin.get("compute", of_class).json()["quota_class_set"]
    assert "server_groups" not in older
    assert older["fixed_ips"] == -1
    changed = admin.put("compute", of_class, json={"quota_class_set": {"instances": 3}}, headers=NEWEST)
    assert changed.json()["quota_class_set"] == {**DEFAULTS, "instances": 3}
    assert admin.get("compute", path("p1"), headers=NEWEST).json()["quota_set"]["instances"] == 3
    admin.put("compute", of_class, json={"quota_class_set": {"instances": 10}})


def test_limits_show_ones_own_project_and_to_admins_any(admin: Client, member: Client) -> None:
    answer = admin.get("compute", "/v2.1/limits", headers=NEWEST).json()["limits"]
    assert answer["rate"] == []
    assert answer["absolute"] == {
        "maxTotalInstances": 10,
        "maxTotalCores": 20,
        "maxTotalRAMSize": 51200,
        "maxTotalKeypairs": 100,
        "maxServerMeta": 128,
        "maxServerGroups": 10,
        "maxServerGroupMembers": 10,
        "totalRAMUsed": 0,
        "totalCoresUsed": 0,
        "totalInstancesUsed": 0,
        "totalServerGroupsUsed": 0,
    }
    oldest = admin.get("compute", "/v2.1/limits").json()["limits"]["absolute"]
    assert (oldest["maxImageMeta"], oldest["maxPersonality"], oldest["totalFloatingIpsUsed"]) == (128, 5, 0)
    assert admin.get("compute", "/v2.1/limits", params={"tenant_id": "p1"}).status_code == 200
    assert member.get("compute", "/v2.1/limits").status_code == 200
    assert member.get("compute", "/v2.1/limits", params={"tenant_id": "p1"}).status_code == 403


def test_a_member_sees_but_does_not_set_quotas(member: Client) -> None:
    assert member.put("compute", path("p1"), json={"quota_set": {"cores": 99}}).status_code == 403
    assert member.get("compute", path("p1")).status_code == 403
    assert member.get("compute", path("p1", "/defaults")).status_code == 200


def test_a_user_may_have_less_than_his_project(admin: Client) -> None:
    def put(body: dict[str, object], user: str = "") -> int:
        query = {"user_id": user} if user else {}
        return admin.put("compute", path("p3"), params=query, json={"quota_set": body}, headers=NEWEST).status_code

    def cores(user: str = "") -> tuple[int, int]:
        query = {"user_id": user} if user else {}
        shown = admin.get("compute", path("p3"), params=query, headers=NEWEST).json()["quota_set"]
        told = admin.get("compute", path("p3", "/detail"), params=query, headers=NEWEST).json()["quota_set"]
        return shown["cores"], told["cores"]["limit"]

    assert [put({"cores": 12}), put({"cores": 8}, "anna"), put({"cores": 4}, "ben")] == [200, 200, 200]
    assert [cores(), cores("anna"), cores("ben"), cores("carla")] == [(12, 12), (8, 8), (4, 4), (12, 12)]
    # What the users were promised together must not be more than the project has.
    assert [put({"cores": 9}, "anna"), put({"cores": 1}, "carla"), put({"cores": 11})] == [400, 400, 400]
    assert [put({"cores": 9, "force": True}, "anna"), cores("anna")] == [200, (9, 9)]
    assert admin.delete("compute", path("p3"), params={"user_id": "anna"}).status_code == 202
    assert [cores("anna"), cores("ben")] == [(12, 12), (4, 4)]
    assert admin.delete("compute", path("p3")).status_code == 202
    assert [cores(), cores("ben")] == [(20, 20), (20, 20)]
