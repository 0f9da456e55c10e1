import pytest
from tests.support.cloud import Client, RunningCloud

PAIRS = {
    "namespace": ("namespaces", "namespaces"),
    "object": ("objects", "objects"),
    "property": ("properties", "properties"),
    "tag": ("tags", "tags"),
    "resource_type": ("resource_types", "resource_type_associations"),
}


@pytest.mark.parametrize("single", PAIRS)
def test_a_schema_describes_one_and_many(admin: Client, single: str) -> None:
    place, many = PAIRS[single]
    one = admin.get("image", f"/v2/schemas/metadefs/{single}").json()
    assert one["name"] == {"resource_type": "resource_type_association"}.get(single, single)
    assert one["additionalProperties"] is False
    listed = admin.get("image", f"/v2/schemas/metadefs/{place}").json()
    assert listed["name"] == many
    assert listed["links"][-1] == {"rel": "describedby", "href": "{schema}"}
    assert listed.get("definitions") == one.get("definitions")
    things = listed["properties"][many]
    inside = things["additionalProperties"] if single == "property" else things["items"]
    assert inside["properties"] == one["properties"]
    assert one["required"] == [*inside["required"], *(["name"] if single == "property" else [])]


def test_limits_are_told(admin: Client) -> None:
    told = admin.get("image", "/v2/schemas/metadefs/namespace").json()
    assert told["required"] == ["namespace"]
    assert told["properties"]["description"]["maxLength"] == 500
    assert told["properties"]["visibility"]["enum"] == ["public", "private"]
    fields = told["definitions"]["property"]["additionalProperties"]
    assert fields["required"] == ["title", "type"]
    assert fields["properties"]["type"]["enum"] == ["array", "boolean", "integer", "number", "object", "string", None]


def test_without_a_token_nothing_is_told(cloud: RunningCloud) -> None:
    for path in ("/v2/schemas/metadefs/namespace", "/v2/metadefs/namespaces", "/v2/metadefs/resource_types"):
        assert cloud.anonymous().get("image", path).status_code == 401
