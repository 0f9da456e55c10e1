from typing import Any

from haneul.kernel.http import Call, Routes
from haneul.kernel.policy import Rule
from haneul.services.image.metadefs.access import ADMIN, DELETE, READER, loaded
from haneul.services.image.metadefs.namespaces.logic import refuse_protected
from haneul.services.image.metadefs.paging import last, limit_in, page_in, visibility_in
from haneul.services.image.metadefs.tags import logic
from haneul.services.image.metadefs.tags.schemas import TagView, is_append, names_view, tag_in, tags_in

routes = Routes()

GET = Rule("get_metadef_tag", READER, "Show a tag of a namespace.")
LIST = Rule("get_metadef_tags", READER, "List the tags of a namespace.")
ADD = Rule("add_metadef_tag", ADMIN, "Add a tag to a namespace.")
ADD_MANY = Rule("add_metadef_tags", ADMIN, "Add many tags to a namespace, or put them in the place of all others.")
MODIFY = Rule("modify_metadef_tag", ADMIN, "Rename a tag of a namespace.")
REMOVE = Rule("delete_metadef_tag", ADMIN, "Delete a tag of a namespace.")
REMOVE_ALL = Rule("delete_metadef_tags", ADMIN, "Delete all tags of a namespace.")
COLLECTION = "/v2/metadefs/namespaces/{namespace_name}/tags"
ONE = COLLECTION + "/{tag_name}"


@routes.post(COLLECTION, rule=ADD_MANY)
def create_tags(call: Call, namespace_name: str, body: dict[str, Any]) -> dict[str, Any]:
    names, append = tags_in(body), is_append(call.header("X-Openstack-Append"))
    logic.create_many(call.db, loaded(call, namespace_name), names, append=append)
    return names_view(names)


@routes.get(COLLECTION, rule=LIST)
def list_tags(call: Call, namespace_name: str) -> dict[str, Any]:
    given = call.ask.parameters
    page, marker = page_in(given, limit_in(given)), last(given, "marker") or None
    visibility_in(given)
    namespace = loaded(call, namespace_name)
    return names_view([tag.name for tag in logic.list_(call.db, namespace, page, marker)])


@routes.delete(COLLECTION, rule=REMOVE_ALL)
def delete_tags(call: Call, namespace_name: str) -> None:
    namespace = loaded(call, namespace_name, DELETE)
    call.enforce(namespace)
    refuse_protected(namespace)
    logic.delete_all(call.db, namespace)


@routes.post(ONE, rule=ADD)
def create_tag(call: Call, namespace_name: str, tag_name: str) -> TagView:
    namespace = loaded(call, namespace_name)
    return TagView.of(logic.create(call.db, namespace, tag_in({"name": tag_name})))


@routes.get(ONE, rule=GET, quick=True)
def get_tag(call: Call, namespace_name: str, tag_name: str) -> TagView:
    return TagView.of(logic.get(call.db, loaded(call, namespace_name), tag_name))


@routes.put(ONE, rule=MODIFY)
def update_tag(call: Call, namespace_name: str, tag_name: str, body: dict[str, Any]) -> TagView:
    new_name = tag_in(body)
    return TagView.of(logic.update(call.db, loaded(call, namespace_name), tag_name, new_name))


@routes.delete(ONE, rule=REMOVE)
def delete_tag(call: Call, namespace_name: str, tag_name: str) -> None:
    logic.delete(call.db, loaded(call, namespace_name), tag_name)
