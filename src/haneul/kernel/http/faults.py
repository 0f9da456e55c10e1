"""Each service's error envelope on the wire. Sources: the services' API references, "Errors" chapters."""

from collections.abc import Callable
from html import escape
from http import HTTPStatus
from typing import Any

import msgspec

from haneul.kernel.errors import ApiError, OverQuota

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
    request_id: str
    accept: str


def fault_of(style: str, error: ApiError, request_id: str, accept: str = "") -> Fault:
    """The error in a service's envelope."""
    status = QUOTA_STATUS.get(style, 403) if isinstance(error, OverQuota) else error.status
    refusal = Refusal(status, title_of(status), str(error), error.kind or type(error).__name__, request_id, accept)
    if status == 401:
        # Services behind keystonemiddleware all answer alike before their own code runs.
        content_type, body = _identity(refusal)
    else:
        content_type, body = ENVELOPES[style](refusal)
    return Fault(status, body, content_type, error.headers)


def title_of(status: int) -> str:
    """The status's own phrase, as envelopes carry it."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


def _json(value: Any) -> tuple[str, bytes]:
    return "application/json", msgspec.json.encode(value)


def _identity(refusal: Refusal) -> tuple[str, bytes]:
    return _json({"error": {"code": refusal.status, "message": refusal.message, "title": refusal.title}})


def _compute(refusal: Refusal) -> tuple[str, bytes]:
    name = NOVA_NAMES.get(refusal.status, "computeFault")
    return _json({name: {"code": refusal.status, "message": refusal.message}})


def _placement(refusal: Refusal) -> tuple[str, bytes]:
    kind = refusal.kind if refusal.kind.startswith("placement.") else "placement.undefined_code"
    error = {
        "status": refusal.status,
        "title": refusal.title,
        "detail": f"The server could not comply with the request: {refusal.message}"
        if refusal.status == 400
        else refusal.message,
        "code": kind,
        "request_id": refusal.request_id,
    }
    return _json({"errors": [error]})


def _network(refusal: Refusal) -> tuple[str, bytes]:
    return _json({"NeutronError": {"type": refusal.kind, "message": refusal.message, "detail": ""}})


def _image(refusal: Refusal) -> tuple[str, bytes]:
    # Glance answers HTML unless the client asks for JSON alone.
    code = f"{refusal.status} {refusal.title}"
    accept = refusal.accept
    if "application/json" in accept and "html" not in accept and "*/*" not in accept:
        return _json({"message": f"{escape(refusal.message)}<br /><br />\n\n\n", "code": code, "title": refusal.title})
    page = (
        f"<html>\n <head>\n  <title>{code}</title>\n </head>\n <body>\n  <h1>{code}</h1>\n  "
        f"{escape(refusal.message)}<br /><br />\n\n\n </body>\n</html>"
    )
    return "text/html; charset=UTF-8", page.encode()


ENVELOPES: dict[str, Callable[[Refusal], tuple[str, bytes]]] = {
    "identity": _identity,
    "compute": _compute,
    "placement": _placement,
    "network": _network,
    "image": _image,
}
