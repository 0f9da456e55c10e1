"""The layers that every request passes, in the order of `serve`."""

import asyncio
import re
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
from falcon.asgi import Request, Response
from falcon.errors import HTTPError
from sqlalchemy.exc import DataError

from haneul.kernel import log
from haneul.kernel.auth import ANONYMOUS, TokenChecker
from haneul.kernel.auth.access_rules import allowed
from haneul.kernel.db import Db, Store
from haneul.kernel.errors import NEUTRAL, ApiError, BadRequest, NotFound, Unacceptable, Unauthorized
from haneul.kernel.http.bodies import Outgoing, decode, query_of
from haneul.kernel.http.call import Call
from haneul.kernel.http.faults import fault_of
from haneul.kernel.http.flows import whole
from haneul.kernel.http.reading import ask_of, body_of, by_action, refuse_unacceptable
from haneul.kernel.http.rendering import rendered_from, send, sign
from haneul.kernel.http.routes import PUBLIC, Route
from haneul.kernel.policy import Policy
from haneul.kernel.service import Service

GLOBAL_ID = re.compile(r"req-[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)


# What waits for a file or a host holds a thread: a host that does not answer must not stop every upload.
_waiting = ThreadPoolExecutor(32, thread_name_prefix="waiting")


class Edge(msgspec.Struct, frozen=True, kw_only=True):
    """What one service's requests need of the kernel. `auth_url` stands in the challenge of a 401."""

    service: Service
    store: Store
    policy: Policy
    checker: TokenChecker
    auth_url: str


async def serve(edge: Edge, routes: Sequence[Route], req: Request, resp: Response, names: dict[str, str]) -> None:
    """Answer one request of a path that these routes share."""
    started = time.perf_counter()
    ask, malformed = ask_of(req)
    call = Call(edge.service, edge.policy, ask)
    try:
        negotiate(call, resp)
        if malformed is not None:
            raise malformed
        refuse_unacceptable(req)
        live = _live(routes, call)
        await _identify(edge, call, live[0])
        _refuse_other_project(call)
        call.route, raw = await _chosen(live[0], routes, call, req)
        await _answer(edge, call, raw, req, resp, names)
    except ApiError as error:
        send_fault(edge, error, call, resp)
    except HTTPError as error:
        send_fault(
            edge, Unacceptable(int(str(error.status)[:3]), "{text}", text=error.description or error.title), call, resp
        )
    except asyncio.CancelledError:
        raise
    except Exception:
        log.failure("request failed", request_id=ask.request_id, path=_told(routes, ask.path))
        send_fault(edge, ApiError(NEUTRAL), call, resp)
    sign(edge.service, ask, resp)
    _note(call, resp, _told(routes, ask.path), time.perf_counter() - started)


def _told(routes: Sequence[Route], path: str) -> str:
    """The path as the log may have it."""
    return routes[0].path if routes[0].options.has_secret_path else path


def _note(call: Call, resp: Response, path: str, seconds: float) -> None:
    """The log line of a finished request."""
    ask, caller = call.ask, call.caller
    values = {
        "request_id": ask.request_id,
        "global_request_id": ask.global_request_id,
        "method": ask.method,
        "path": path,
        "status": int(str(resp.status)[:3]),
        "ms": round(seconds * 1000, 3),
        "user_id": caller.user_id or None,
        "project_id": caller.project_id,
        "remote": ask.remote,
    }
    log.plain("request", values)


def negotiate(call: Call, resp: Response) -> None:
    """Choose the version that the request asks for, and name it in the answer."""
    negotiated = call.service.microversions
    if negotiated is not None:
        call.version = negotiated.oldest
        if call.ask.is_former:
            return
        try:
            call.version = negotiated.negotiate(call.ask.headers)
        finally:
            for name, value in negotiated.response_headers(call.version):
                resp.set_header(name, value)


def _live(routes: Sequence[Route], call: Call) -> list[Route]:
    """The routes of this version: several where an action's name in the body tells them apart."""
    live = [route for route in routes if route.covers(call.version)]
    if not live:
        raise NotFound("The resource could not be found.")
    return live


async def _chosen(route: Route, routes: Sequence[Route], call: Call, req: Request) -> tuple[Route, bytes]:
    """The route of this action. The body is read here, since the action's name stands in it."""
    if route.options.body_limit == 0:
        call._chunks = whole(aiter(req.stream), req.scope["haneul.line"])
        return route, b""
    raw = await body_of(req, route.options.body_limit)
    if route.options.action:
        route = by_action(routes, call.version, raw)
    if route.body_type is not None:
        given = req.scope["haneul.headers"].get("content-type", "")
        call.service.manners.refuse_media_type(given, route.options.media_types, has_body=bool(raw))
    return route, raw


async def _identify(edge: Edge, call: Call, route: Route) -> None:
    """Who calls. That comes before the body: nothing is read for nobody."""
    token = call.ask.headers.get("x-auth-token", "")
    if route.rule is PUBLIC:
        call.caller = ANONYMOUS
        call.enforced = True
    elif not token:
        raise Unauthorized("The request you have made requires authentication.")
    else:
        checker, store = edge.checker, edge.store
        known = checker.known(token)
        if known is None and store.is_sqlite:
            known = store.read_inline(lambda db: checker.look_up(db, token))
        elif known is None:
            known = await asyncio.wrap_future(store.submit_read(lambda db: checker.look_up(db, token)))
        call.caller = known
        _refuse_beyond_access_rules(call)


def _refuse_beyond_access_rules(call: Call) -> None:
    """401, as keystonemiddleware has it, for what an application credential's access rules don't name."""
    rules = call.caller.access_rules
    if rules is not None and not allowed(rules, call.service.type, call.ask.method, call.ask.path):
        raise Unauthorized("The request you have made requires authentication.")


def _refuse_other_project(call: Call) -> None:
    """400 for an address that names another project than the token's, as Nova has it."""
    asked, own = call.ask.project_id, call.caller.project_id
    if asked and not call.caller.is_anonymous and asked != own:
        raise BadRequest(
            "Malformed request URL: URL's project_id '{asked}' doesn't match Context's project_id '{own}'",
            asked=asked,
            own=own,
        )


async def _answer(edge: Edge, call: Call, raw: bytes, req: Request, resp: Response, names: dict[str, str]) -> None:
    route = call.route
    arguments: dict[str, Any] = dict(names)
    if route.body_type is not None:
        arguments["body"] = _decoded(call, raw)
    if route.query_type is not None:
        arguments["query"] = query_of(route, call.ask.parameters)
    call.raw_body = raw
    out = Outgoing(
        call.version,
        edge.service.page_links,
        call.url(call.ask.path),
        call.ask.parameters,
        frozenset(call.ask.parameters.get("fields", ())) if call.service.manners.selects_fields else frozenset(),
    )

    def body(db: Db) -> Any:
        # Everything up to the bytes happens inside the transaction, which may be run again whole.
        log.request_id.set(call.request_id)
        log.operation_id.set("")
        call._db, call.enforced = db, route.rule is PUBLIC
        db.origin = call.origin
        view = route.handler(call, **arguments)
        if not call.enforced:
            raise RuntimeError(f"{route.name} answered without enforcing its rule")
        return rendered_from(route, view, out)

    try:
        rendered = await _run(edge, call, body, arguments, out)
    except (DataError, OverflowError, UnicodeEncodeError):
        raise BadRequest("A value of the request is out of range or not valid text.") from None
    send(rendered, req, resp)


def _decoded(call: Call, raw: bytes) -> Any:
    if call.service.manners.rule_before_body:
        call.enforce()
    try:
        return decode(call.route, raw, call.version, call.service.manners.open_body)
    except BadRequest as refused:
        explain = call.service.manners.explain_body
        if explain is None:
            raise
        raise BadRequest("{text}", text=explain(call.route.body_type, raw, str(refused))) from None


async def _run(edge: Edge, call: Call, body: Any, arguments: dict[str, Any], out: Outgoing) -> Any:
    route, store = call.route, edge.store
    if route.is_async:
        call._submit, call._waits = _submitter(store, route.options.quick), _in_thread
        view = await route.handler(call, **arguments)
        if not call.enforced:
            raise RuntimeError(f"{route.name} answered without enforcing its rule")
        return rendered_from(route, view, out)
    if route.transaction == "write":
        return await asyncio.wrap_future(store.submit_write(body))
    if route.options.quick and store.is_sqlite:
        return store.read_inline(body)
    return await asyncio.wrap_future(store.submit_read(body))


async def _in_thread(function: Callable[[], Any]) -> Any:
    return await asyncio.get_running_loop().run_in_executor(_waiting, function)


def _submitter(store: Store, quick: bool) -> Any:
    async def submit(body: Any, writes: bool) -> Any:
        if quick and not writes and store.is_sqlite:
            return store.read_inline(body)
        return await asyncio.wrap_future(store.submit_write(body) if writes else store.submit_read(body))

    return submit


def send_fault(edge: Edge, error: ApiError, call: Call, resp: Response) -> None:
    """Put an error on the wire in the service's own envelope."""
    fault = fault_of(edge.service.faults, error, call.ask, call.version)
    resp.status = fault.status
    resp.stream = None
    resp.data = fault.body
    resp.content_type = fault.content_type
    for name, value in fault.headers.items():
        resp.set_header(name, value)
    if fault.status == 401:
        resp.set_header("www-authenticate", f'Keystone uri="{edge.auth_url}"')
