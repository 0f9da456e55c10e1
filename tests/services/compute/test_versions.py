from tests.support.cloud import Client, RunningCloud


def test_the_versions_need_no_token(cloud: RunningCloud) -> None:
    nobody = cloud.anonymous()
    listed = nobody.get("compute", "/")
    assert listed.status_code == 200
    former, version = listed.json()["versions"]
    assert (former["id"], former["status"], former["version"]) == ("v2.0", "SUPPORTED", "")
    assert (version["id"], version["status"], version["min_version"], version["version"]) == (
        "v2.1",
        "CURRENT",
        "2.1",
        "2.100",
    )
    for path in ("/v2", "/v2/", "/v2.1", "/v2.1/"):
        base, number = f"/{path.strip('/')}/", "2.1" if "2.1" in path else "2"
        shown = nobody.get("compute", path).json()["version"]
        assert shown["id"] == ("v2.1" if number == "2.1" else "v2.0")
        assert shown["links"][0] == {"rel": "self", "href": cloud.url("compute") + base}
        assert shown["media-types"][0]["type"] == f"application/vnd.openstack.compute+json;version={number}"


def test_clients_from_before_microversions_get_the_oldest_version(admin: Client) -> None:
    asked = {"OpenStack-API-Version": "compute 2.100", "X-OpenStack-Nova-API-Version": "2.100"}
    old = admin.get("compute", "/v2/flavors/detail", headers=asked)
    assert old.status_code == 200
    assert "OpenStack-API-Version" not in old.headers
    assert all("description" not in flavor for flavor in old.json()["flavors"])
    project = admin.get("identity", "/v3/auth/projects").json()["projects"][0]["id"]
    assert admin.get("compute", f"/v2/{project}/flavors").status_code == 200


def test_a_slash_at_the_end_names_nothing(admin: Client) -> None:
    for method in ("GET", "DELETE"):
        assert admin.request(method, "compute", "/v2.1/flavors/").status_code == 404
    assert admin.get("compute", "/v2.1/os-simple-tenant-usage/").status_code == 404


def test_a_microversion_is_negotiated_by_either_header(admin: Client) -> None:
    for headers in ({"OpenStack-API-Version": "compute 2.53"}, {"X-OpenStack-Nova-API-Version": "2.53"}):
        answer = admin.get("compute", "/v2.1", headers=headers)
        assert answer.headers["OpenStack-API-Version"] == "compute 2.53"
        assert answer.headers["X-OpenStack-Nova-API-Version"] == "2.53"
        assert answer.headers["x-compute-request-id"] == answer.headers["x-openstack-request-id"]
    refused = admin.get("compute", "/v2.1", headers={"OpenStack-API-Version": "compute 2.999"})
    assert refused.status_code == 406
