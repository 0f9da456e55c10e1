from tests.support.cloud import Client

EXTENSIONS = "/v2.1/extensions"


def test_the_extensions_that_became_the_api_are_listed(admin: Client) -> None:
    listed = admin.get("compute", EXTENSIONS).json()["extensions"]
    by_alias = {one["alias"]: one for one in listed}
    assert len(by_alias) == len(listed) > 90
    assert by_alias["os-hosts"] == {
        "alias": "os-hosts",
        "name": "Hosts",
        "description": "Admin-only host administration.",
        "updated": "2014-12-03T00:00:00Z",
        "namespace": "http://docs.openstack.org/compute/ext/fake_xml",
        "links": [],
    }
    assert admin.get("compute", f"{EXTENSIONS}/os-consoles").json()["extension"] == by_alias["os-consoles"]
    assert admin.get("compute", f"{EXTENSIONS}/os-nothing").status_code == 404
