"""Rules that stand on single fields: `create_network:shared`, `get_network:provider:network_type`."""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import UNSET

from haneul.kernel.http import Call
from haneul.kernel.policy import Rule


def enforce_fields(
    call: Call, body: msgspec.Struct, rules: Mapping[str, Rule], target: object, **named: object
) -> None:
    """Forbidden if the body sets a field whose rule the caller does not meet; fields are named as in JSON.

    A field that is said with its default's value is as good as not said, as Neutron has it for new resources.
    """
    for field in msgspec.structs.fields(body):
        rule = rules.get(field.encode_name)
        if rule is not None and getattr(body, field.name) not in (UNSET, None):
            call.enforce(target, rule=rule, **named)


def hidden_fields(call: Call, rules: Mapping[str, Rule], target: object) -> dict[str, Any]:
    """Fields that the caller may not see, as keywords that leave them out of a view."""
    return {name: UNSET for name, rule in rules.items() if not call.allows(rule, target)}
