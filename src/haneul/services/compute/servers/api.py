from haneul.kernel.db import Db
from haneul.kernel.db.listing import Clause
from haneul.kernel.http import Call, Listed, Reply, Routes, listed
from haneul.kernel.policy import Rule
from haneul.kernel.schema import UNSET
from haneul.services.compute.servers import address_filters, asking, filtering, hostnames, logic, tag_filters
from haneul.services.compute.servers.models import Server
from haneul.services.compute.servers.operations import CreateServer, DeleteServer
from haneul.services.compute.servers.parts import parts_of
from haneul.services.compute.servers.rules import (
    ALL_PROJECTS,
    ALL_PROJECTS_DETAIL,
    CREATE,
    DELETE,
    DETAIL,
    EXTRA_SPECS,
    HOST_ATTRIBUTES,
    HOST_STATUS,
    LIST,
    SHOW,
    UPDATE,
)
from haneul.services.compute.servers.schemas import ServerCreateBody, ServerFilters, ServerUpdate
from haneul.services.compute.servers.views import (
    Beholder,
    ServerView,
    ShortView,
    after_a_change,
    links,
    short_view,
    view_of,
)

routes = Routes()


def beholder(call: Call, *, lists: bool = False) -> Beholder:
    """What this caller may see of servers."""
    return Beholder(
        url=call.url("/v2.1"),
        bookmark=call.url(""),
        sees_host=call.allows(HOST_ATTRIBUTES, call.caller),
        sees_extra_specs=call.allows(EXTRA_SPECS, call.caller),
        embeds_flavor=call.at_least("2.47"),
        sees_host_status=call.at_least("2.16") and call.allows(HOST_STATUS, call.caller),
        sees_hostname=call.at_least("2.90"),
        sees_image_properties=call.at_least("2.98"),
        lists=lists,
    )


def loaded(call: Call, server_id: str, *, rule: Rule | None = None) -> Server:
    """The server of a request's path, the route's rule enforced on it."""
    server = logic.get(call.db, server_id, call.caller)
    call.enforce(server, rule=rule)
    return server


@routes.get("/v2.1/servers", rule=LIST, wraps="servers")
def list_servers(call: Call, query: ServerFilters) -> Listed[ShortView]:
    call.enforce(call.caller)
    seen_by, page = beholder(call), call.page()
    found = filtering.filters_of(call, query, ALL_PROJECTS)
    rows = logic.list_(call.db, page, found, _clauses(call, query))
    return listed(page, rows, lambda server: short_view(server, seen_by), lambda server: server.id)


@routes.get("/v2.1/servers/detail", rule=DETAIL, wraps="servers")
def list_servers_in_detail(call: Call, query: ServerFilters) -> Listed[ServerView]:
    call.enforce(call.caller)
    seen_by, page = beholder(call, lists=True), call.page()
    found = filtering.filters_of(call, query, ALL_PROJECTS_DETAIL)
    rows = logic.list_(call.db, page, found, _clauses(call, query))
    parts = parts_of(call.db, rows, seen_by)
    return listed(page, rows, lambda server: view_of(server, parts[server.id], seen_by), lambda server: server.id)


def _clauses(call: Call, query: ServerFilters) -> list[Clause]:
    return [*tag_filters.clauses_of(call, query), *address_filters.clauses_of(call, query)]


@routes.post("/v2.1/servers", rule=CREATE, status=202, lax=True)
def create_server(call: Call, body: ServerCreateBody) -> Reply[dict[str, object]]:
    call.enforce(call.caller)
    asked = asking.understood(call, body)
    made = logic.create(call.db, call, asked.server, CreateServer)
    return _created(call, body, made, asked.admin_password)


def _created(call: Call, body: ServerCreateBody, made: list[Server], password: str) -> Reply[dict[str, object]]:
    if body.server.return_reservation_id:
        return Reply(view={"reservation_id": made[0].reservation_id})
    first, seen_by = made[0], beholder(call)
    self_links = links(seen_by, "servers", first.id)
    groups = () if body.server.security_groups is UNSET else body.server.security_groups
    view = {
        "id": first.id,
        "links": self_links,
        "OS-DCF:diskConfig": "AUTO" if first.auto_disk_config else "MANUAL",
        "security_groups": [{"name": group.name} for group in groups] or [{"name": "default"}],
        "adminPass": password,
    }
    return Reply(view={"server": view}, headers={"Location": self_links[0]["href"]})


@routes.get("/v2.1/servers/{server_id}", rule=SHOW, wraps="server", quick=True)
def show_server(call: Call, server_id: str) -> ServerView:
    server = logic.get(call.db, server_id, call.caller)
    call.enforce(server)
    return shown(call, call.db, server)


@routes.put("/v2.1/servers/{server_id}", rule=UPDATE, wraps="server")
def update_server(call: Call, server_id: str, body: ServerUpdate) -> ServerView:
    server = loaded(call, server_id)
    hostnames.refuse_wrong(body.hostname, may_have_domain=call.at_least("2.94"))
    view = shown(call, call.db, logic.update(call.db, server, body))
    return view if call.at_least("2.75") else after_a_change(view)


@routes.delete("/v2.1/servers/{server_id}", rule=DELETE)
def delete_server(call: Call, server_id: str) -> None:
    server = loaded(call, server_id)
    logic.refuse_locked(server, call.caller)
    logic.begin_delete(call.db, call, server, DeleteServer)


def shown(call: Call, db: Db, server: Server) -> ServerView:
    """The server as this caller may see it, in the newest version's form."""
    seen_by = beholder(call)
    return view_of(server, parts_of(db, [server], seen_by)[server.id], seen_by)
