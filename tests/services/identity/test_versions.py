from tests.support.cloud import RunningCloud


def test_the_version_documents_name_the_media_types_as_clients_spell_them(cloud: RunningCloud) -> None:
    nobody = cloud.anonymous()
    listed = nobody.get("identity", "/")
    assert listed.status_code == 300
    (version,) = listed.json()["versions"]["values"]
    shown = nobody.get("identity", "/v3").json()["version"]
    assert version == shown
    assert shown["media-types"] == [{"base": "application/json", "type": "application/vnd.openstack.identity-v3+json"}]
