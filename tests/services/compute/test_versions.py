from tests.support.cloud import Client, RunningCloud


def test_the_versions_need_no_token(cloud: RunningCloud) -> None:
    nobody = cloud.anonymous()
    listed = nobody.get("compute", "/")
    assert listed.status_code == 200
    (version,) = listed.json()["versions"]
    assert (version["id"], version["status"], version["min_version"], version["version"]) == (
        "v2.1",
        "CURRENT",
        "2.1",
        "2.100",
    )
    for path in ("/v2.1", "/v2.1/"):
        shown = nobody.get("compute", path).json()["version"]
        assert shown["id"] == "v2.1"
        assert shown["links"][0] == {"rel": "self", "href": f"{cloud.url('compute')}/v2.1/"}
        assert shown["media-types"][0]["type"] == "application/vnd.openstack.compute+json;version=2.1"


def test_a_microversion_is_negotiated_by_either_header(admin: Client) -> None:
    for headers in ({"OpenStack-API-Version": "compute 2.53"}, {"X-OpenStack-Nova-API-Version": "2.53"}):
        answer = admin.get("compute", "/v2.1", headers=headers)
        assert answer.headers["OpenStack-API-Version"] == "compute 2.53"
        assert answer.headers["X-OpenStack-Nova-API-Version"] == "2.53"
        assert answer.headers["x-compute-request-id"] == answer.headers["x-openstack-request-id"]
    refused = admin.get("compute", "/v2.1", headers={"OpenStack-API-Version": "compute 2.999"})
    assert refused.status_code == 406
