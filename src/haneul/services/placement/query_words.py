"""What the values of placement's query parameters mean: amounts, traits, aggregates, trees."""

from collections.abc import Mapping, Sequence

import msgspec

from haneul.kernel.errors import BadRequest
from haneul.kernel.http import Version
from haneul.kernel.ids import is_uuid_like

Parameters = Mapping[str, list[str]]
RESOURCES_FORM = (
    "Badly formed resources parameter. Expected resources query string parameter in form: "
    "?resources=VCPU:2,MEMORY_MB:1024. Got: {got}."
)
IN_FORM = "in:HW_CPU_X86_VMX,CUSTOM_MAGIC"
REQUIRED_FORM = "Invalid query string parameters: Expected 'required' parameter value of the form: {form}. "


class Wanted(msgspec.Struct, frozen=True):
    """Names of which some are required, those inside one set being alternatives, and some forbidden."""

    required: tuple[frozenset[str], ...] = ()
    forbidden: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.required or self.forbidden)

    @property
    def names(self) -> set[str]:
        return set(self.forbidden).union(*self.required)

    def met_by(self, has: frozenset[str] | set[str]) -> bool:
        return self.forbidden.isdisjoint(has) and all(not one.isdisjoint(has) for one in self.required)


def resources_of(text: str) -> dict[str, int]:
    """`VCPU:2,MEMORY_MB:1024` as amounts by resource class."""
    if not text.strip():
        raise BadRequest(RESOURCES_FORM, got="empty string")
    return dict(_resource_of(part) for part in text.split(","))


def _resource_of(text: str) -> tuple[str, int]:
    name, colon, number = text.partition(":")
    if not colon or ":" in number:
        raise BadRequest(RESOURCES_FORM, got=text)
    try:
        amount = int(number)
    except ValueError:
        raise BadRequest(
            "Requested resource {name} expected positive integer amount. Got: {got}.", name=name, got=number
        ) from None
    if amount < 1:
        raise BadRequest("Requested resource {name} requires amount >= 1. Got: {got}.", name=name, got=amount)
    if amount > 2**63 - 1:
        raise BadRequest("Requested resource {name} is more than can be counted. Got: {got}.", name=name, got=number)
    return name, amount


def traits_of(values: Sequence[str], at: Version) -> Wanted:
    """Every `required` parameter together; before 1.39 only the last one counts."""
    required: list[frozenset[str]] = []
    forbidden: set[str] = set()
    for value in values if at >= (1, 39) else values[-1:]:
        if value.startswith("in:"):
            required.append(_alternatives(value, at))
        else:
            one = plain_traits_of(value, may_forbid=at >= (1, 22))
            required += one.required
            forbidden |= one.forbidden
    return Wanted(tuple(required), frozenset(forbidden))


def _alternatives(value: str, at: Version) -> frozenset[str]:
    if at < (1, 39):
        raise BadRequest(
            "Invalid query string parameters: The format '{form}' only supported since microversion 1.39. Got: {got}",
            form=IN_FORM,
            got=value,
        )
    names = frozenset(part.strip() for part in value[3:].split(","))
    if "" in names:
        raise BadRequest(REQUIRED_FORM + "Got an empty trait in: {got}", form=IN_FORM, got=value)
    if any(name.startswith("!") for name in names):
        raise BadRequest(
            "Invalid query string parameters: The format '{form}' does not support forbidden traits. Got: {got}",
            form=IN_FORM,
            got=value,
        )
    return names


def plain_traits_of(value: str, *, may_forbid: bool) -> Wanted:
    """`HW_CPU_X86_VMX,!CUSTOM_MAGIC`: all of these, none of those behind an exclamation mark."""
    names = [part.strip() for part in value.split(",")]
    forbidden = frozenset(name.lstrip("!") for name in names if name.startswith("!"))
    form = "HW_CPU_X86_VMX,!CUSTOM_MAGIC" if may_forbid else "HW_CPU_X86_VMX,CUSTOM_MAGIC"
    if "" in names or "" in forbidden:
        raise BadRequest(REQUIRED_FORM + "Got an empty trait in: {got}", form=form, got=value)
    if forbidden and not may_forbid:
        raise BadRequest(REQUIRED_FORM + "Got: {got}", form=form, got=value)
    return Wanted(tuple(frozenset({name}) for name in names if not name.startswith("!")), forbidden)


def aggregates_of(parameters: Parameters, suffix: str, at: Version) -> Wanted:
    """Every `member_of` parameter of one group together."""
    values = parameters.get(f"member_of{suffix}", [])
    if len(values) > 1 and at < (1, 24):
        raise BadRequest("Multiple member_of{suffix} parameters are not supported", suffix=suffix)
    required: list[frozenset[str]] = []
    forbidden: set[str] = set()
    for value in values:
        if value.startswith("!"):
            if at < (1, 32):
                raise BadRequest(
                    "Forbidden member_of{suffix} parameters are not supported in the specified microversion",
                    suffix=suffix,
                )
            forbidden |= _aggregates(value[1:], value)
        else:
            required.append(_aggregates(value, value))
    return Wanted(tuple(required), frozenset(forbidden))


def _aggregates(value: str, given: str) -> frozenset[str]:
    if "," in value and not value.startswith("in:"):
        raise BadRequest(
            "Multiple values for 'member_of' must be prefixed with the 'in:' or '!in:' keyword using the valid "
            "microversion. Got: {got}",
            got=given,
        )
    ids = frozenset(value.removeprefix("in:").split(","))
    for one in ids:
        if not is_uuid_like(one):
            raise BadRequest(
                "Invalid query string parameters: Expected 'member_of' parameter to contain valid UUID(s). Got: {got}",
                got=one,
            )
    return ids


def tree_of(value: str) -> str:
    """The provider that an `in_tree` parameter names."""
    if not is_uuid_like(value.strip()):
        raise BadRequest(
            "Invalid query string parameters: Expected 'in_tree' parameter to be a format of uuid. Got: {got}",
            got=value,
        )
    return value.strip()
