from typing import Annotated, Any
from urllib.parse import quote

from haneul.kernel.errors import BadRequest
from haneul.kernel.http import Call, Reply, Routes
from haneul.kernel.policy import Rule
from haneul.kernel.schema import Meta
from haneul.services.compute.server_tags import logic
from haneul.services.compute.servers.api import loaded
from haneul.services.compute.servers.logic import refuse_unless_settled
from haneul.services.compute.servers.schemas import MOST_TAGS, Tag

routes = Routes()

ALL = "/v2.1/servers/{server_id}/tags"
ONE = ALL + "/{tag}"
SINCE = "2.26"
_NAME = "os_compute_api:os-server-tags"
_READER = "rule:project_reader_or_admin"
_MEMBER = "rule:project_member_or_admin"
LIST = Rule(f"{_NAME}:index", _READER, "List a server's tags.")
SHOW = Rule(f"{_NAME}:show", _READER, "See whether a server has a tag.")
REPLACE = Rule(f"{_NAME}:update_all", _MEMBER, "Replace a server's tags.")
ADD = Rule(f"{_NAME}:update", _MEMBER, "Give a server a tag.")
DELETE = Rule(f"{_NAME}:delete", _MEMBER, "Take a tag from a server.")
DELETE_ALL = Rule(f"{_NAME}:delete_all", _MEMBER, "Take all tags from a server.")


@routes.get(ALL, rule=LIST, wraps="tags", since=SINCE)
def list_tags(call: Call, server_id: str) -> list[str]:
    return loaded(call, server_id).tags


@routes.put(ALL, rule=REPLACE, wraps="tags", since=SINCE)
def replace_tags(call: Call, server_id: str, body: Annotated[list[Tag], Meta(max_length=MOST_TAGS)]) -> list[str]:
    server = loaded(call, server_id)
    refuse_unless_settled(server, "update tags")
    return logic.replace(call.db, call, server, body)


@routes.delete(ALL, rule=DELETE_ALL, since=SINCE)
def delete_tags(call: Call, server_id: str) -> None:
    server = loaded(call, server_id)
    refuse_unless_settled(server, "delete tags")
    logic.replace(call.db, call, server, [])


@routes.get(ONE, rule=SHOW, status=204, since=SINCE)
def show_tag(call: Call, server_id: str, tag: str) -> None:
    logic.refuse_missing(loaded(call, server_id), tag)


@routes.put(ONE, rule=ADD, body_optional=True, since=SINCE)
def add_tag(call: Call, server_id: str, tag: str, body: Any) -> Reply[None]:
    server = loaded(call, server_id)
    if body is not None:
        raise BadRequest("Invalid input for field/attribute body: a tag is named by its address alone.")
    refuse_unless_settled(server, "update tag")
    if not logic.add(call.db, call, server, tag):
        return Reply(view=None, status=204)
    return Reply(view=None, status=201, headers={"Location": call.url(f"/v2.1/servers/{server.id}/tags/{quote(tag)}")})


@routes.delete(ONE, rule=DELETE, since=SINCE)
def delete_tag(call: Call, server_id: str, tag: str) -> None:
    server = loaded(call, server_id)
    refuse_unless_settled(server, "delete tag")
    logic.refuse_missing(server, tag)
    logic.replace(call.db, call, server, [kept for kept in server.tags if kept != tag])
