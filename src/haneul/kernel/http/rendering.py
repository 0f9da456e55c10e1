"""From what a handler returned to what goes out."""

from typing import Any

import msgspec
from falcon.asgi import Request, Response

from haneul.kernel.http.bodies import Outgoing, encode
from haneul.kernel.http.call import Ask
from haneul.kernel.http.flows import Flow
from haneul.kernel.http.replies import Raw, Reply, Streamed
from haneul.kernel.http.routes import Route
from haneul.kernel.service import Service


class Rendered(msgspec.Struct):
    """An answer whose bytes are ready, or that streams."""

    status: int
    body: bytes
    headers: dict[str, str]
    content_type: str = "application/json"
    streamed: Streamed | None = None


def rendered_from(route: Route, view: Any, out: Outgoing) -> Rendered:
    """The bytes of a view, or of a body that is ready; a stream is left to flow."""
    status, headers = route.status, {}
    if isinstance(view, Reply):
        status, headers, view = view.status or status, view.headers, view.view
    if isinstance(view, Raw):
        return Rendered(view.status, view.body, view.headers, view.content_type)
    if isinstance(view, Streamed):
        return Rendered(view.status, b"", view.headers, view.content_type, view)
    if view is None:
        return Rendered(status, b"", headers, "")
    return Rendered(status, encode(route, view, out), headers)


def send(rendered: Rendered, req: Request, resp: Response) -> None:
    """Put an answer on the wire."""
    resp.status = rendered.status
    for name, value in rendered.headers.items():
        resp.set_header(name, value)
    if rendered.content_type:
        resp.content_type = rendered.content_type
    if rendered.streamed is None:
        resp.data = rendered.body
        return
    resp.stream = Flow(rendered.streamed.chunks, req.scope["haneul.line"])
    if rendered.streamed.length is not None:
        resp.content_length = rendered.streamed.length


def sign(service: Service, ask: Ask, resp: Response) -> None:
    """Name the request in its answer."""
    resp.set_header("x-openstack-request-id", ask.request_id)
    if service.request_id_header:
        resp.set_header(service.request_id_header, ask.request_id)
