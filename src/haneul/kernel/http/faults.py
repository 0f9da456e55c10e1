"""Each service's error envelope on the wire. Sources: the services' API references, "Errors" chapters."""

import re
from collections.abc import Callable, Mapping
from html import escape
from http import HTTPStatus
from typing import Any

import msgspec

from haneul.kernel.errors import ApiError, OverQuota
from haneul.kernel.http.call import Ask
from haneul.kernel.http.versions import NEWEST, Version

NOVA_NAMES = {
    400: "badRequest",
    401: "unauthorized",
    403: "forbidden",
    404: "itemNotFound",
    405: "badMethod",
    409: "conflictingRequest",
    413: "overLimit",
    415: "badMediaType",
    429: "overLimit",
    501: "notImplemented",
    503: "serviceUnavailable",
}
NEUTRON_KINDS = {
    "BadRequest": "HTTPBadRequest",
    "Forbidden": "PolicyNotAuthorized",
    "NotFound": "HTTPNotFound",
    "Conflict": "HTTPConflict",
    "NotBuilt": "HTTPNotImplemented",
    "Unavailable": "HTTPServiceUnavailable",
    "ApiError": "HTTPInternalServerError",
}
RETRY = {"Retry-After": "0"}
QUOTA_STATUS = {"compute": 403, "image": 413, "block_storage": 413, "network": 409, "identity": 403}


class Fault(msgspec.Struct, frozen=True):
    """An error as it goes out."""

    status: int
    body: bytes
    content_type: str
    headers: dict[str, str]


class Refusal(msgspec.Struct, frozen=True):
    """What every envelope is made from."""

    status: int
    title: str
    message: str
    kind: str
    ask: Ask
    at: Version
    values: Mapping[str, Any]

    @property
    def request_id(self) -> str:
        return self.ask.request_id

    @property
    def accept(self) -> str:
        return self.ask.headers.get("accept", "")


def fault_of(style: str, error: ApiError, ask: Ask, at: Version = NEWEST) -> Fault:
    """The error in a service's envelope, as version `at` has it."""
    status = QUOTA_STATUS.get(style, 403) if isinstance(error, OverQuota) else error.status
    kind = error.kind or type(error).__name__
    refusal = Refusal(status, title_of(status), str(error), kind, ask, at, error.values)
    if status == 401:
        # Services behind keystonemiddleware all answer alike before their own code runs.
        content_type, body = _identity(refusal)
    else:
        content_type, body = ENVELOPES[style](refusal)
    return Fault(status, body, content_type, {**error.headers, **(RETRY if _is_retried(style, kind) else {})})


def _is_retried(style: str, kind: str) -> bool:
    # Cinder says so of what is over a quota, though waiting alone won't help.
    return style == "block_storage" and kind == "OverQuota"


def title_of(status: int) -> str:
    """The status's own phrase, as envelopes carry it."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


def _json(value: Any) -> tuple[str, bytes]:
    return "application/json", msgspec.json.encode(value)


def _page(title: str, text: str) -> tuple[str, bytes]:
    head = f"<html>\n <head>\n  <title>{title}</title>\n </head>"
    return "text/html; charset=UTF-8", f"{head}\n <body>\n  <h1>{title}</h1>\n  {text} </body>\n</html>".encode()


def _identity(refusal: Refusal) -> tuple[str, bytes]:
    return _json({"error": {"code": refusal.status, "message": refusal.message, "title": refusal.title}})


def _compute(refusal: Refusal) -> tuple[str, bytes]:
    name = NOVA_NAMES.get(refusal.status, "computeFault")
    return _json({name: {"code": refusal.status, "message": refusal.message}})


def _block_storage(refusal: Refusal) -> tuple[str, bytes]:
    name = NOVA_NAMES.get(refusal.status, "computeFault")
    retry = {"retryAfter": RETRY["Retry-After"]} if _is_retried("block_storage", refusal.kind) else {}
    return _json({name: {"code": refusal.status, "message": refusal.message, **retry}})


EXPLANATIONS = {
    400: "The server could not comply with the request since it is either malformed or otherwise incorrect.",
    403: "Access was denied to this resource.",
    404: "The resource could not be found.",
    405: "The method {method} is not allowed for this resource. ",
    406: "The resource could not be generated that was acceptable to your browser (content of type {accept}. ",
    409: "There was a conflict when trying to complete your request.",
    415: "The request media type {content_type} is not supported by this server. ",
}


def _placement(refusal: Refusal) -> tuple[str, bytes]:
    # WebOb's answers: HTML or plain text for who asks for that, an explanation of the status before the sentence.
    headers = refusal.ask.headers
    explanation = EXPLANATIONS.get(refusal.status, "").format(
        method=refusal.ask.method, accept=refusal.accept, content_type=headers.get("content-type")
    )
    accept = refusal.accept or "*/*"
    if "text/html" in accept and "*/*" not in accept and "json" not in accept:
        code = f"{refusal.status} {refusal.title}"
        return _page(code, f"{escape(explanation)}<br /><br />\n{escape(refusal.message)}\n\n\n")
    detail = re.sub("<[^>]*>", "", f"{explanation}\n\n {refusal.message}  ")
    if not any(word in accept for word in ("*/*", "application/*", "json")):
        return "text/plain; charset=UTF-8", f"{refusal.status} {refusal.title}\n\n{detail}".encode()
    error = {"status": refusal.status, "title": refusal.title, "detail": detail}
    if refusal.at >= (1, 23):
        error["code"] = refusal.kind if refusal.kind.startswith("placement.") else "placement.undefined_code"
    error["request_id"] = refusal.request_id
    if refusal.status == 406 and "newest" in refusal.values:
        error |= {"max_version": str(refusal.values["newest"]), "min_version": str(refusal.values["oldest"])}
    return _json({"errors": [error]})


def _network(refusal: Refusal) -> tuple[str, bytes]:
    # Where Neutron has no name of its own for a refusal, it is WebOb's.
    kind = NEUTRON_KINDS.get(refusal.kind, refusal.kind)
    return _json({"NeutronError": {"type": kind, "message": refusal.message, "detail": ""}})


def _image(refusal: Refusal) -> tuple[str, bytes]:
    # Glance answers HTML unless the client asks for JSON alone.
    code = f"{refusal.status} {refusal.title}"
    accept = refusal.accept
    if "application/json" in accept and "html" not in accept and "*/*" not in accept:
        return _json({"message": f"{escape(refusal.message)}<br /><br />\n\n\n", "code": code, "title": refusal.title})
    return _page(code, f"{escape(refusal.message)}<br /><br />\n\n\n")


ENVELOPES: dict[str, Callable[[Refusal], tuple[str, bytes]]] = {
    "identity": _identity,
    "compute": _compute,
    "block_storage": _block_storage,
    "placement": _placement,
    "network": _network,
    "image": _image,
}
