"""What tests of metadata definitions share."""

import secrets
from html import unescape
from typing import Any

import httpx
from tests.support.cloud import Client

NAMESPACES = "/v2/metadefs/namespaces"
COLOUR = {"type": "string", "title": "Colour", "enum": ["red", "green"], "default": "red"}


def name(word: str = "Garden") -> str:
    """A name that nobody else has."""
    return f"{word}::{secrets.token_hex(4)}"


def made(client: Client, **fields: Any) -> dict[str, Any]:
    """A namespace, of some name if none is given."""
    answer = client.post("image", NAMESPACES, json={"namespace": name(), **fields})
    assert answer.status_code == 201, answer.text
    namespace: dict[str, Any] = answer.json()
    return namespace


def shown(client: Client, namespace: str, query: str = "") -> dict[str, Any]:
    answer = client.get("image", f"{NAMESPACES}/{namespace}{query}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def listed(client: Client, query: str = "") -> list[str]:
    """The names in the list."""
    answer = client.get("image", f"{NAMESPACES}?{query}")
    assert answer.status_code == 200, answer.text
    return [one["namespace"] for one in answer.json()["namespaces"]]


def refused(answer: httpx.Response, status: int, sentence: str) -> None:
    """The answer has this status, and says this."""
    said = unescape(answer.text)
    assert (answer.status_code, sentence in said) == (status, True), answer.text


def without_times(thing: dict[str, Any]) -> dict[str, Any]:
    """The thing without when it was made and changed, which it must tell."""
    assert thing["created_at"].endswith("Z")
    assert thing["updated_at"] >= thing["created_at"]
    return {key: value for key, value in thing.items() if key not in ("created_at", "updated_at")}
