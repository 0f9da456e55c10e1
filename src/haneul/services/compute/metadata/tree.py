"""The paths under http://169.254.169.254, and what stands at each."""

from collections.abc import Callable, Mapping
from typing import Any

from haneul.services.compute.metadata import documents
from haneul.services.compute.metadata.facts import Facts
from haneul.services.network.public import MetadataReply

OPENSTACK_VERSIONS = (
    "2012-08-10",
    "2013-04-04",
    "2013-10-17",
    "2015-10-15",
    "2016-06-30",
    "2016-10-06",
    "2017-02-22",
    "2018-08-27",
    "2020-10-14",
    "2025-04-04",
    "latest",
)
EC2_VERSIONS = (
    "1.0",
    "2007-01-19",
    "2007-03-01",
    "2007-08-29",
    "2007-10-10",
    "2007-12-15",
    "2008-02-01",
    "2008-09-01",
    "2009-04-04",
    "latest",
)
# From when on a document is there, and what makes it; None where this server has none.
Document = Callable[[Facts], bytes | None]
DOCUMENTS: Mapping[str, tuple[str, Document]] = {
    "meta_data.json": ("2012-08-10", lambda facts: documents.as_json(documents.openstack(facts))),
    "user_data": ("2012-08-10", documents.user_data),
    "password": ("2013-04-04", lambda _facts: b""),
    "vendor_data.json": ("2013-10-17", lambda _facts: b"{}"),
    "network_data.json": ("2015-10-15", lambda facts: documents.as_json(documents.network_data(facts))),
    "vendor_data2.json": ("2016-10-06", lambda _facts: b'{"static":{}}'),
}
JSON = "application/json"
NOT_THERE = MetadataReply(404, b"404 Not Found\n\nThe resource could not be found.\n")


def at(path: str, facts: Facts) -> MetadataReply:
    """What a guest finds at a path."""
    parts = [part for part in path.partition("?")[0].split("/") if part]
    if not parts:
        return _lines(EC2_VERSIONS)
    if parts[0] == "openstack":
        return _openstack(parts[1:], facts)
    if parts[0] in EC2_VERSIONS:
        return _ec2(parts[1:], parts[0], facts)
    return NOT_THERE


def _openstack(parts: list[str], facts: Facts) -> MetadataReply:
    if not parts:
        return _lines(OPENSTACK_VERSIONS)
    version, *rest = parts
    if version not in OPENSTACK_VERSIONS:
        return NOT_THERE
    there = {name: make for name, (since, make) in DOCUMENTS.items() if version >= since}
    if not rest:
        return _lines(name for name, make in there.items() if make(facts) is not None)
    found = there[rest[0]](facts) if len(rest) == 1 and rest[0] in there else None
    if found is None:
        return NOT_THERE
    return MetadataReply(200, found, JSON if rest[0].endswith(".json") else "text/plain; charset=UTF-8")


def _ec2(parts: list[str], version: str, facts: Facts) -> MetadataReply:
    given = documents.user_data(facts)
    if not parts:
        return _lines(["meta-data/", *(["user-data"] if given is not None else [])])
    if parts == ["user-data"]:
        return NOT_THERE if given is None else MetadataReply(200, given, "application/octet-stream")
    if parts[0] != "meta-data":
        return NOT_THERE
    found: Any = documents.ec2(facts, version)
    for part in parts[1:]:
        if not isinstance(found, dict) or part not in found or part == "_name":
            return NOT_THERE
        found = found[part]
    return _shown(found)


def _shown(found: Any) -> MetadataReply:
    if isinstance(found, dict):
        return _lines(_entry(name, value) for name, value in found.items() if name != "_name")
    return _lines(found) if isinstance(found, list) else MetadataReply(200, str(found).encode())


def _entry(name: str, value: Any) -> str:
    """A folder's line for one of its entries: folders end in a slash, keys tell their names."""
    if not isinstance(value, dict):
        return name
    return str(value["_name"]) if "_name" in value else f"{name}/"


def _lines(words: Any) -> MetadataReply:
    return MetadataReply(200, "\n".join(words).encode())
