"""Locations as clients give them: `locations` of an image, and the body of `POST /v2/images/ID/locations`."""

from typing import Annotated, Any, Literal

import msgspec

from haneul.kernel.errors import BadRequest
from haneul.kernel.schema import UNSET, Meta, OpenBody, UnsetType
from haneul.services.image.images.schemas import unfit

Url = Annotated[str, Meta(max_length=255)]
HashValue = Annotated[str, Meta(max_length=128)]
MOST_METADATA_DEPTH = 8


class Claims(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a client says of the bytes at a location."""

    os_hash_algo: Annotated[str, Meta(max_length=64)]
    os_hash_value: HashValue
    checksum: Annotated[str, Meta(min_length=32, max_length=32)] | UnsetType = UNSET


class LocationAsked(OpenBody):
    """One of an image's `locations`."""

    url: Url
    metadata: dict[str, Any]
    validation_data: Claims | UnsetType = UNSET

    @property
    def told(self) -> dict[str, Any]:
        """The metadata but for the name of the store, which the location knows by itself."""
        return {name: value for name, value in self.metadata.items() if name != "store"}


class HashClaims(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a client says of the bytes at a new location: nothing, or a hash with its algorithm."""

    os_hash_algo: Literal["sha1", "sha256", "sha512", "md5"] | UnsetType = UNSET
    os_hash_value: HashValue | UnsetType = UNSET


class LocationAdd(OpenBody):
    """The body of `POST /v2/images/ID/locations`."""

    url: str
    validation_data: HashClaims = HashClaims()


def locations_in(value: Any) -> list[LocationAsked]:
    """A list of locations; BadRequest in the words of Glance's schema check."""
    try:
        found = msgspec.convert(value, list[LocationAsked])
    except msgspec.ValidationError as error:
        problem, _, _ = str(error).partition(" - at ")
        raise unfit("locations", problem) from None
    for one in found:
        _refuse_metadata(one.metadata, MOST_METADATA_DEPTH)
    return found


def _refuse_metadata(value: Any, depth: int) -> None:
    """BadRequest for metadata that is not made of strings, in lists and objects."""
    if not depth:
        raise unfit("locations", "The metadata of a location is nested too deeply")
    if isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            _refuse_metadata(one, depth - 1)
    elif not isinstance(value, str):
        raise unfit("locations", "The metadata of a location must be strings")


def location_add(body: Any) -> LocationAdd:
    """The body of a new location; BadRequest in the words of Glance's schema check."""
    try:
        wanted = msgspec.convert(body, LocationAdd)
    except msgspec.ValidationError as error:
        problem, _, place = str(error).partition(" - at ")
        raise _unfit(f"{place.strip('`').removeprefix('$.')}: {problem}".removeprefix(": ")) from None
    claims = wanted.validation_data
    for name, other in (("os_hash_value", "os_hash_algo"), ("os_hash_algo", "os_hash_value")):
        if getattr(claims, name) is not UNSET and getattr(claims, other) is UNSET:
            raise _unfit(f"validation_data: '{other}' is a dependency of '{name}'")
    return wanted


def _unfit(problem: str) -> BadRequest:
    return BadRequest("Provided object does not match schema 'location': {problem}.", problem=problem)
