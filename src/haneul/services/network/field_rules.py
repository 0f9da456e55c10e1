"""Rules that stand on single fields: `create_network:shared`, `get_network:provider:network_type`."""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import UNSET

from haneul.kernel.http import Call
from haneul.kernel.policy import Rule

DEFAULTS = {"shared": False, "router:external": False, "is_default": False}
"""What fields with rules are where a new resource's body does not say them."""


def enforce_fields(
    call: Call, body: msgspec.Struct, rules: Mapping[str, Rule], target: object, **named: object
) -> None:
    """Forbidden if the body sets a field whose rule the caller does not meet; fields are named as in JSON."""
    for name, _value in _said(body):
        if name in rules:
            call.enforce(target, rule=rules[name], **named)


def enforce_new_fields(
    call: Call, body: msgspec.Struct, rules: Mapping[str, Rule], target: object, **named: object
) -> None:
    """The same for a new resource: a field that is said with its default's value is as good as not said."""
    for name, value in _said(body):
        if name in rules and value is not None and value != DEFAULTS.get(name, UNSET):
            call.enforce(target, rule=rules[name], **named)


def _said(body: msgspec.Struct) -> list[tuple[str, Any]]:
    values = [(field.encode_name, getattr(body, field.name)) for field in msgspec.structs.fields(body)]
    return [(name, value) for name, value in values if value is not UNSET]


def hidden_fields(call: Call, rules: Mapping[str, Rule], target: object) -> dict[str, Any]:
    """Fields that the caller may not see, as keywords that leave them out of a view."""
    return {name: UNSET for name, rule in rules.items() if not call.allows(rule, target)}
