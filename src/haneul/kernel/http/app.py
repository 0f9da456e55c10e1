"""One ASGI application for all services: by port, and all under one port by path."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import falcon
import falcon.asgi
from falcon.asgi import Request, Response

from haneul.kernel.errors import ApiError, NotFound, Unacceptable
from haneul.kernel.http.call import Call
from haneul.kernel.http.flows import Line
from haneul.kernel.http.openapi import described
from haneul.kernel.http.reading import ask_of
from haneul.kernel.http.routes import Route
from haneul.kernel.http.serve import Edge, negotiate, send_fault, serve
from haneul.kernel.http.sites import SiteApp, refuse_websocket
from haneul.kernel.http.unbuilt import Unbuilt, refusing_routes

Scope = dict[str, Any]
Asgi = Callable[[Scope, Any, Any], Awaitable[None]]
VERSION_DOCUMENT = re.compile(r"/[^/]+/")
PREFIX = re.compile(r"(?:/[A-Za-z0-9._~-]+)*")
PROJECT = re.compile(r"(?:AUTH_)?[0-9a-fA-F]{32}|(?:AUTH_)?[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class Mount:
    """One service as an ASGI application of its own. `unbuilt` are the documented calls that it refuses."""

    def __init__(self, edge: Edge, unbuilt: Sequence[Unbuilt] = ()) -> None:
        self.edge = edge
        built = [*edge.service.routes, *described(edge.service)]
        self.app = _falcon_app(edge, [*built, *refusing_routes(unbuilt, built)])

    def is_former(self, path: str) -> bool:
        """Whether the path is one of a client from before microversions."""
        former = self.edge.service.former_base
        return bool(former) and path.startswith(former + "/") and len(path) > len(former) + 1

    def routed(self, path: str) -> tuple[str, str]:
        """`/v2.1/PROJECT/servers` as `/v2.1/servers` where clients may name a project, `/v2/` the like; and which."""
        service = self.edge.service
        base = service.project_base
        if self.is_former(path):
            path = base + path.removeprefix(service.former_base)
        if service.manners.exact_paths and VERSION_DOCUMENT.fullmatch(path):
            return path[:-1], ""
        if base and path.startswith(base + "/"):
            first, slash, rest = path[len(base) + 1 :].partition("/")
            if PROJECT.fullmatch(first):
                return f"{base}{slash}{rest}", first.removeprefix("AUTH_")
        return path, ""


def _falcon_app(edge: Edge, live: Sequence[Route]) -> Any:
    app: Any = falcon.asgi.App(media_type="application/json")
    app.req_options.strip_url_path_trailing_slash = not edge.service.manners.exact_paths
    app.req_options.auto_parse_form_urlencoded = False
    # An answer without a body has no type either.
    app.resp_options.default_media_type = None
    by_path: dict[str, list[Route]] = {}
    for route in live:
        by_path.setdefault(route.path, []).append(route)
    for path, routes in by_path.items():
        app.add_route(path, _resource(edge, routes))
    app.add_error_handler(falcon.HTTPError, _unrouted(edge))
    return app


def _resource(edge: Edge, routes: Sequence[Route]) -> object:
    """An object with `on_get` and so on, as Falcon looks for them."""
    methods: dict[str, list[Route]] = {}
    for route in routes:
        methods.setdefault(route.method, []).append(route)
    if edge.service.manners.declared_methods_only:
        responders = {f"on_{method.lower()}": _refuser(sorted(methods)) for method in falcon.HTTP_METHODS}
    else:
        methods.setdefault("HEAD", methods.get("GET", []))
        responders = {}
    responders.update((f"on_{method.lower()}", _responder(edge, live)) for method, live in methods.items() if live)
    return type("Resource", (), responders)()


def _responder(edge: Edge, routes: Sequence[Route]) -> Any:
    async def respond(_self: object, req: Request, resp: Response, **names: str) -> None:
        if "" in names.values():
            raise falcon.HTTPNotFound
        await serve(edge, routes, req, resp, names)

    return respond


def _refuser(allowed: Sequence[str]) -> Any:
    async def refuse(_self: object, _req: Request, _resp: Response, **_names: str) -> None:
        raise falcon.HTTPMethodNotAllowed(allowed)

    return refuse


def _unrouted(edge: Edge) -> Any:
    """What no route takes: a path that isn't, a method that isn't."""

    async def answer(req: Request, resp: Response, error: falcon.HTTPError, _names: Mapping[str, str]) -> None:
        ask, _ = ask_of(req)
        call = Call(edge.service, edge.policy, ask)
        found = _as_our_own(error)
        try:
            negotiate(call, resp)
        except ApiError as refused:
            found = refused
        send_fault(edge, found, call, resp)
        resp.set_header("x-openstack-request-id", ask.request_id)

    return answer


def _as_our_own(error: falcon.HTTPError) -> ApiError:
    if isinstance(error, falcon.HTTPMethodNotAllowed):
        allow = dict(error.headers or {}).get("Allow", "")
        return Unacceptable(405, "The method is not allowed for this resource.", allow=allow)
    if isinstance(error, falcon.HTTPNotFound):
        return NotFound("The resource could not be found.")
    return Unacceptable(int(str(error.status)[:3]), "{text}", text=error.description or str(error.title))


class CloudApp:
    """Chooses the service of a request and says where the client thinks it stands.

    `ports` maps a listening port to a service; any other port serves all of them by path (`/identity/v3`), but for
    those of `sites`.
    `public` maps a service's type to the base URL that clients are told, where it isn't the address they came to.
    `trusted` holds proxies whose X-Forwarded headers count.
    """

    def __init__(
        self,
        mounts: Sequence[Mount],
        ports: Mapping[int, Mount],
        *,
        public: Mapping[str, str],
        trusted: frozenset[str],
        sites: Mapping[int, SiteApp] = MappingProxyType({}),
    ) -> None:
        self._by_port = dict(ports)
        self._sites = dict(sites)
        self._by_path = {mount.edge.service.path.strip("/"): mount for mount in mounts}
        self._public = dict(public)
        self._trusted = trusted

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        port = scope["server"][1] if scope.get("server") else None
        if port in self._sites:
            await self._sites[port](scope, receive, send)
            return
        if scope["type"] != "http":
            await refuse_websocket(receive, send)
            return
        scope["haneul.headers"] = headers = _headers(scope)
        mount = None if port is None else self._by_port.get(port)
        prefix = ""
        if mount is None:
            first, slash, rest = scope["path"][1:].partition("/")
            mount = self._by_path.get(first)
            if mount is None:
                await _plain_404(send)
                return
            prefix, scope["path"] = f"/{first}", slash + rest or "/"
        scope["haneul.is_former"] = mount.is_former(scope["path"])
        scope["path"], scope["haneul.project_id"] = mount.routed(scope["path"])
        scope["haneul.base_url"] = self._base_url(mount, scope, headers, prefix)
        has_body = "transfer-encoding" in headers or headers.get("content-length", "0") != "0"
        scope["haneul.line"] = line = Line(receive, has_body=has_body)
        await mount.app(scope, line, send)

    def _base_url(self, mount: Mount, scope: Scope, headers: Mapping[str, str], prefix: str) -> str:
        public = self._public.get(mount.edge.service.type)
        if public is not None:
            return public
        scheme, host = scope["scheme"], headers.get("host", "")
        client = scope.get("client")
        if client and client[0] in self._trusted:
            forwarded = headers.get("x-forwarded-proto", "").split(",")[0].strip()
            scheme = forwarded if forwarded in ("http", "https") else scheme
            host = headers.get("x-forwarded-host", host).split(",")[0].strip()
            above = headers.get("x-forwarded-prefix", "").rstrip("/")
            prefix = above + prefix if PREFIX.fullmatch(above) else prefix
        if not re.fullmatch(r"[A-Za-z0-9._:\[\]-]{1,255}", host):
            host = "{}:{}".format(*scope["server"])
        return f"{scheme}://{host}{prefix}"


def _headers(scope: Scope) -> dict[str, str]:
    """Header values by lower-case name; of repeated ones the last, as the field's WSGI servers give them."""
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


async def _plain_404(send: Any) -> None:
    body = b'{"error": {"code": 404, "title": "Not Found", "message": "No service answers under this path."}}'
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 404, "headers": headers})
    await send({"type": "http.response.body", "body": body})
