from collections.abc import Mapping

from haneul.kernel.errors import BadRequest
from haneul.kernel.http import Call, Routes
from haneul.kernel.policy import Rule
from haneul.services.compute.server_metadata import logic
from haneul.services.compute.server_metadata.schemas import OneItem
from haneul.services.compute.servers.api import loaded
from haneul.services.compute.servers.asking import refuse_many_metadata
from haneul.services.compute.servers.models import Server
from haneul.services.compute.servers.schemas import Metadata

routes = Routes()

ALL = "/v2.1/servers/{server_id}/metadata"
ONE = ALL + "/{key}"
_NAME = "os_compute_api:server-metadata"
_READER = "rule:project_reader_or_admin"
_MEMBER = "rule:project_member_or_admin"
LIST = Rule(f"{_NAME}:index", _READER, "List a server's metadata.")
SHOW = Rule(f"{_NAME}:show", _READER, "Show an item of a server's metadata.")
CREATE = Rule(f"{_NAME}:create", _MEMBER, "Add to a server's metadata.")
REPLACE = Rule(f"{_NAME}:update_all", _MEMBER, "Replace a server's metadata.")
UPDATE = Rule(f"{_NAME}:update", _MEMBER, "Change an item of a server's metadata.")
DELETE = Rule(f"{_NAME}:delete", _MEMBER, "Delete an item of a server's metadata.")


@routes.get(ALL, rule=LIST, wraps="metadata")
def list_metadata(call: Call, server_id: str) -> dict[str, str]:
    return loaded(call, server_id).metadata


@routes.post(ALL, rule=CREATE, status=200, wraps="metadata")
def add_metadata(call: Call, server_id: str, body: Metadata) -> dict[str, str]:
    server = loaded(call, server_id)
    return _replaced(call, server, {**server.metadata, **body})


@routes.put(ALL, rule=REPLACE, wraps="metadata")
def replace_metadata(call: Call, server_id: str, body: Metadata) -> dict[str, str]:
    return _replaced(call, loaded(call, server_id), body)


@routes.get(ONE, rule=SHOW, wraps="meta")
def show_metadata_item(call: Call, server_id: str, key: str) -> dict[str, str]:
    return {key: logic.get(loaded(call, server_id), key)}


@routes.put(ONE, rule=UPDATE, wraps="meta")
def update_metadata_item(call: Call, server_id: str, key: str, body: OneItem) -> dict[str, str]:
    server = loaded(call, server_id)
    if key not in body:
        raise BadRequest("Request body and URI mismatch")
    _replaced(call, server, {**server.metadata, **body})
    return body


@routes.delete(ONE, rule=DELETE)
def delete_metadata_item(call: Call, server_id: str, key: str) -> None:
    server = loaded(call, server_id)
    logic.get(server, key)
    logic.refuse_unchangeable(call, server, "delete metadata")
    logic.replace(call.db, call, server, {name: text for name, text in server.metadata.items() if name != key})


def _replaced(call: Call, server: Server, metadata: Mapping[str, str]) -> dict[str, str]:
    logic.refuse_unchangeable(call, server, "update metadata")
    refuse_many_metadata(call, metadata)
    return logic.replace(call.db, call, server, metadata)
