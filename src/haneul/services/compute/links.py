"""The two links of a resource: to itself, and the lasting one without the API's version."""

from haneul.kernel.http import Call


def links(call: Call, path: str) -> list[dict[str, str]]:
    """Links of a resource by its path under the version, such as `/flavors/1`."""
    return [
        {"rel": "self", "href": call.url(f"/v2.1{path}")},
        {"rel": "bookmark", "href": call.url(path)},
    ]
