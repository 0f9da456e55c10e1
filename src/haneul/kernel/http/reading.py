"""What a request says, before anyone knows what it means."""

import re
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qs

import msgspec
from falcon.asgi import Request

from haneul.kernel.errors import BadRequest, NotFound, TooLarge, Unacceptable
from haneul.kernel.http.call import Ask
from haneul.kernel.http.routes import Route
from haneul.kernel.http.versions import Version
from haneul.kernel.ids import new_request_id

GLOBAL_ID = re.compile(r"req-[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)


def ask_of(req: Request) -> tuple[Ask, BadRequest | None]:
    """The request as handlers will see it, and what is wrong with its query string.

    `CloudApp` has put its own words into the scope.
    """
    headers = req.scope["haneul.headers"]
    asked_id = headers.get("x-openstack-request-id", "")
    parameters: Mapping[str, list[str]] = {}
    malformed = None
    try:
        parameters = parameters_of(req.scope["query_string"])
    except BadRequest as refused:
        malformed = refused
    ask = Ask(
        method=req.method,
        path=req.path,
        base_url=req.scope["haneul.base_url"],
        headers=headers,
        parameters=parameters,
        remote=(req.scope.get("client") or ("",))[0],
        request_id=new_request_id(),
        global_request_id=asked_id if GLOBAL_ID.fullmatch(asked_id) else None,
        is_former=req.scope["haneul.is_former"],
        project_id=req.scope["haneul.project_id"],
    )
    return ask, malformed


def parameters_of(query: bytes) -> Mapping[str, list[str]]:
    """Query parameters, blank ones kept; 400 for bytes that are not UTF-8."""
    if not query:
        return {}
    try:
        return parse_qs(query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=200)
    except (UnicodeDecodeError, ValueError):
        raise BadRequest("Malformed query string.") from None


def refuse_unacceptable(req: Request) -> None:
    """406 for who takes nothing that we send."""
    accept = req.scope["haneul.headers"].get("accept", "")
    if accept and not any(word in accept for word in ("*/*", "json", "application/*", "octet-stream", "text/")):
        raise Unacceptable(406, "Only application/json is provided.")


def by_action(routes: Sequence[Route], chosen: Version, raw: bytes) -> Route:
    """The route whose action the body names; 404 for one of another version, 400 if there is none of that name."""
    try:
        body = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadRequest("Malformed request body: it is not valid JSON.") from None
    if not isinstance(body, dict) or len(body) != 1:
        raise BadRequest("Malformed request body: expected an object with the action's name as its only key.")
    (name,) = body
    named = [route for route in routes if route.options.action == name]
    for route in named:
        if route.covers(chosen):
            return route
    if named:
        raise NotFound("The resource could not be found.")
    raise BadRequest("There is no such action: {name}", name=name[:255])


async def body_of(req: Request, limit: int) -> bytes:
    """The whole body; 413 if it is larger than the limit."""
    length = req.content_length
    if length is not None and length > limit:
        raise TooLarge("Request is too large.")
    if length == 0 or (length is None and req.method in ("GET", "HEAD")):
        return b""
    parts, size = [], 0
    async for part in req.stream:
        size += len(part)
        if size > limit:
            raise TooLarge("Request is too large.")
        parts.append(part)
    return b"".join(parts)
