"""`/v3/projects/PROJECT/tags`."""

from urllib.parse import quote

from haneul.kernel.http import Call, Raw, Routes
from haneul.kernel.policy import Rule
from haneul.services.identity.projects import tags
from haneul.services.identity.projects.api import MANAGER, READER, allowed
from haneul.services.identity.projects.schemas import Tags, TagsView
from haneul.services.identity.schemas import Links

routes = Routes()

LIST = Rule("identity:list_project_tags", READER, "List a project's tags.")
GET = Rule("identity:get_project_tag", READER, "Check that a project has a tag.")
REPLACE = Rule("identity:update_project_tags", MANAGER, "Replace all tags of a project.")
ADD = Rule("identity:create_project_tag", MANAGER, "Add a tag to a project.")
CLEAR = Rule("identity:delete_project_tags", MANAGER, "Take all tags from a project.")
REMOVE = Rule("identity:delete_project_tag", MANAGER, "Take a tag from a project.")

ALL = "/v3/projects/{project_id}/tags"
ONE = "/v3/projects/{project_id}/tags/{tag}"


def view(call: Call, project_id: str) -> TagsView:
    return TagsView(tags=tags.of_one(call.db, project_id), links=Links(self=call.url(call.ask.path)))


@routes.get(ALL, rule=LIST)
def list_tags(call: Call, project_id: str) -> TagsView:
    return view(call, allowed(call, project_id).id)


@routes.put(ALL, rule=REPLACE, body_wraps="tags")
def replace_tags(call: Call, project_id: str, body: Tags) -> TagsView:
    project = allowed(call, project_id)
    tags.replace_mutable(call.db, project, body)
    return view(call, project.id)


@routes.delete(ALL, rule=CLEAR)
def clear_tags(call: Call, project_id: str) -> None:
    tags.replace_mutable(call.db, allowed(call, project_id), [])


@routes.get(ONE, rule=GET, status=204)
def get_tag(call: Call, project_id: str, tag: str) -> None:
    tags.refuse_missing(call.db, allowed(call, project_id), tag)


@routes.put(ONE, rule=ADD)
def add_tag(call: Call, project_id: str, tag: str) -> Raw:
    tags.add(call.db, allowed(call, project_id), tag)
    return Raw(body=b"", status=201, headers={"Location": call.url(f"/v3/projects/{project_id}/tags/{quote(tag)}")})


@routes.delete(ONE, rule=REMOVE)
def remove_tag(call: Call, project_id: str, tag: str) -> None:
    tags.remove(call.db, allowed(call, project_id), tag)
