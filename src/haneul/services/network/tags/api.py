"""Tags of every type of resource that has them."""

from haneul.kernel.errors import BadRequest
from haneul.kernel.http import Call, Routes
from haneul.services.network.owners import viewer
from haneul.services.network.tags import logic
from haneul.services.network.tags.kinds import KINDS, Kind
from haneul.services.network.tags.schemas import TagsBody, TagsView

LONGEST = 255


def _routes() -> Routes:
    routes = Routes()
    for kind in KINDS:
        _declare(routes, kind)
    return routes


def _declare(routes: Routes, kind: Kind) -> None:
    every = f"/v2.0/{kind.path}/{{{kind.id_name}}}/tags"
    one = every + "/{tag}"
    get = kind.rule("get", kind.reader, f"Show the tags of a {kind.noun}.")
    create = kind.rule("create", kind.member, f"Give a {kind.noun} further tags.")
    update = kind.rule("update", kind.member, f"Change the tags of a {kind.noun}.")
    delete = kind.rule("delete", kind.remover, f"Take tags from a {kind.noun}.")

    def allowed(call: Call, thing_id: str) -> str:
        """The resource's id, once the route's rule allows it; who may not see it doesn't learn that it is there."""
        call.enforce(kind.target(call.db, thing_id, viewer(call)))
        return thing_id

    def counted(call: Call, thing_id: str, *, is_changed: bool) -> None:
        if is_changed:
            kind.changes.bump(call.db, thing_id)

    @routes.get(every, rule=get)
    def list_tags(call: Call, **ids: str) -> TagsView:
        return TagsView(tags=logic.of_one(call.db, kind.path, allowed(call, ids[kind.id_name])))

    @routes.post(every, rule=create)
    def create_tags(call: Call, body: TagsBody, **ids: str) -> TagsView:
        thing_id = allowed(call, ids[kind.id_name])
        _refuse_doubles(body)
        counted(call, thing_id, is_changed=logic.add(call.db, kind.path, thing_id, body.tags))
        return TagsView(tags=body.tags)

    @routes.put(every, rule=update)
    def replace_tags(call: Call, body: TagsBody, **ids: str) -> TagsView:
        thing_id = allowed(call, ids[kind.id_name])
        _refuse_doubles(body)
        counted(call, thing_id, is_changed=logic.replace(call.db, kind.path, thing_id, body.tags))
        return TagsView(tags=body.tags)

    @routes.delete(every, rule=delete)
    def delete_tags(call: Call, **ids: str) -> None:
        thing_id = allowed(call, ids[kind.id_name])
        counted(call, thing_id, is_changed=logic.replace(call.db, kind.path, thing_id, []))

    @routes.get(one, rule=get, status=204)
    def check_tag(call: Call, tag: str, **ids: str) -> None:
        _refuse_long(tag)
        if tag not in logic.of_one(call.db, kind.path, allowed(call, ids[kind.id_name])):
            raise logic.missing(tag)

    @routes.put(one, rule=update, status=201)
    def create_tag(call: Call, tag: str, **ids: str) -> None:
        _refuse_long(tag)
        thing_id = allowed(call, ids[kind.id_name])
        counted(call, thing_id, is_changed=logic.add(call.db, kind.path, thing_id, [tag]))

    @routes.delete(one, rule=delete)
    def delete_tag(call: Call, tag: str, **ids: str) -> None:
        _refuse_long(tag)
        thing_id = allowed(call, ids[kind.id_name])
        logic.remove(call.db, kind.path, thing_id, tag)
        counted(call, thing_id, is_changed=True)


def _refuse_doubles(body: TagsBody) -> None:
    doubles = sorted({word for word in body.tags if body.tags.count(word) > 1})
    if doubles:
        raise BadRequest(
            "Invalid input for operation: Duplicate items in the list: '{words}'.",
            kind="InvalidInput",
            words=", ".join(doubles)[:255],
        )


def _refuse_long(tag: str) -> None:
    if len(tag) > LONGEST:
        raise BadRequest(
            "Invalid input for operation: '{tag}' exceeds maximum length of {most}.",
            kind="InvalidInput",
            tag=tag[:LONGEST],
            most=LONGEST,
        )


routes = _routes()
