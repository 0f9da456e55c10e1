"""A namespace of metadata definitions that holds one of everything."""

from tests.support.cloud import Client


def metadef_stage(admin: Client) -> dict[str, str]:
    """The names that stand in paths."""
    colour = {"type": "string", "title": "Colour", "enum": ["red"], "default": "red", "maxLength": 9, "readonly": True}
    body = {
        "namespace": "Garden",
        "display_name": "Garden",
        "description": "Beds",
        "visibility": "public",
        "protected": True,
        "properties": {"colour": colour, "size": {"type": "integer", "title": "Size", "minimum": 1, "maximum": 9}},
        "objects": [
            {"name": "Bed", "description": "For roses", "required": ["colour"], "properties": {"colour": colour}}
        ],
        "tags": [{"name": "sunny"}],
        "resource_type_associations": [{"name": "OS::Nova::Flavor", "prefix": "hw:", "properties_target": "image"}],
    }
    assert admin.post("image", "/v2/metadefs/namespaces", json=body).status_code == 201
    return {"namespace_name": "Garden", "property_name": "colour"}
