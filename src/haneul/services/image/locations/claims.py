"""What clients say of an image's bytes when they name a location, and whether it can be."""

import hashlib
from collections.abc import Sequence
from typing import Any

from haneul.kernel.errors import BadRequest, Conflict
from haneul.kernel.schema import UNSET
from haneul.services.image.images.models import Image
from haneul.services.image.locations.schemas import Claims, HashClaims, LocationAsked

NOT_HEX = "{name} ({value}) is not a valid hexadecimal value"
MD5_BYTES = 16


def claimed(image: Image, asked: Sequence[LocationAsked], hash_name: str) -> dict[str, str]:
    """What is said of the image that it does not say itself yet; Conflict if that can't be."""
    said: dict[str, str] = {}
    for one in asked:
        for name, value in _values(one.validation_data).items():
            if said.setdefault(name, value) != value:
                raise Conflict("Conflicting values for {name}", name=name)
    new = {name: value for name, value in said.items() if not _is_known(image, name, value)}
    if new and image.status != "queued":
        names = ", ".join(new)
        raise Conflict("New value(s) for {names} may only be provided when image status is 'queued'", names=names)
    if new:
        _refuse_wrong(new, hash_name)
    return new


def _values(claims: Claims | Any) -> dict[str, str]:
    if claims is UNSET:
        return {}
    named = {"checksum": claims.checksum, "os_hash_algo": claims.os_hash_algo, "os_hash_value": claims.os_hash_value}
    return {name: value for name, value in named.items() if value is not UNSET}


def _is_known(image: Image, name: str, value: str) -> bool:
    known = getattr(image, name)
    if known and known != value:
        raise Conflict("{name} is already set with a different value", name=name)
    return bool(known == value)


def _refuse_wrong(new: dict[str, str], hash_name: str) -> None:
    checksum = new.get("checksum")
    if checksum is not None and _byte_count("checksum", checksum) != MD5_BYTES:
        raise Conflict("checksum ({value}) is not the correct size for md5 (should be 16 bytes)", value=checksum)
    if new.get("os_hash_algo") != hash_name:
        got = new.get("os_hash_algo")
        raise Conflict("os_hash_algo must be {want}, not {got}", want=hash_name, got=got)
    value, want = new["os_hash_value"], hashlib.new(hash_name).digest_size
    if _byte_count("os_hash_value", value) != want:
        raise Conflict(
            "os_hash_value ({value}) is not the correct size for {algo} (should be {want} bytes)",
            value=value,
            algo=hash_name,
            want=want,
        )


def _byte_count(name: str, text: str) -> int:
    try:
        return len(bytes.fromhex(text))
    except ValueError:
        raise Conflict(NOT_HEX, name=name, value=text) from None


def refuse_wrong_hash(claims: HashClaims) -> None:
    """BadRequest for a hash that its algorithm could not give."""
    if claims.os_hash_value is UNSET or claims.os_hash_algo is UNSET:
        return
    name, value, algorithm = "os_hash_value", claims.os_hash_value, claims.os_hash_algo
    try:
        size = len(bytes.fromhex(value))
    except ValueError:
        raise BadRequest(NOT_HEX, name=name, value=value) from None
    want = hashlib.new(algorithm).digest_size
    if size != want:
        raise BadRequest(
            "os_hash_value: ({value}) is not the correct size for ({algo}) (should be ({want}) bytes)",
            value=value,
            algo=algorithm,
            want=want,
        )
