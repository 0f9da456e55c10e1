"""What bodies of the catalog's resources may hold beside the fields that they name."""

from collections.abc import Mapping
from typing import Any

import msgspec

from haneul.kernel.errors import BadRequest
from haneul.kernel.http import Call
from haneul.services.identity.extras import extras


def changed_extras(call: Call, body: msgspec.Struct, own_id: str) -> Mapping[str, Any]:
    """What an update names beside the struct's fields; BadRequest if it names nothing at all."""
    refuse_empty(call)
    return extras(call, body, own_id=own_id)


def refuse_empty(call: Call) -> None:
    """BadRequest for an update without any change."""
    if not msgspec.json.decode(call.raw_body)[call.route.body_wraps]:
        what = call.route.body_wraps
        raise BadRequest("Invalid input for field/attribute {what}: it does not have enough properties.", what=what)
