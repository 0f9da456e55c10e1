"""Identifiers in the two forms that clients expect."""

import re
import secrets
import uuid

_UUID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", re.IGNORECASE)


def new_uuid() -> str:
    """A random UUID with dashes, as compute, image, network and block storage use it."""
    return str(uuid.uuid4())


def new_hex_id() -> str:
    """32 hexadecimal digits, as identity uses it."""
    return uuid.uuid4().hex


def new_request_id() -> str:
    return f"req-{uuid.uuid4()}"


def new_secret() -> str:
    """43 characters of URL-safe randomness."""
    return secrets.token_urlsafe(32)


def is_uuid_like(value: str) -> bool:
    return _UUID.fullmatch(value) is not None
