"""Logging in: Swift's own version 1 (TempAuth), and Keystone's passwords (Identity API v3)."""

import io
import json
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from haneul.services.image.drivers.base import Unreachable
from haneul.services.image.drivers.swift.http import Answer, Request, send
from haneul.services.image.drivers.swift.options import SwiftOptions


class Grant(msgspec.Struct, frozen=True):
    """A token, and the URL of the account that it opens."""

    token: str
    account_url: str

    def __repr__(self) -> str:
        return f"Grant({self.account_url})"


def log_in(options: SwiftOptions) -> Grant:
    """A new token; Unreachable with the reason."""
    grant = LOGINS[options.auth_version](options)
    if not grant.token or not grant.account_url.startswith(("http://", "https://")):
        raise Unreachable(f"The login at {options.auth_address} gave no object store.")
    return Grant(grant.token, grant.account_url.rstrip("/"))


def _by_version_1(options: SwiftOptions) -> Grant:
    headers = {"X-Auth-User": options.user, "X-Auth-Key": options.key}
    answer = send(Request(method="GET", url=options.auth_address, headers=headers), options)
    answer.close()
    _refuse(answer, options)
    return Grant(answer.header("X-Auth-Token"), answer.header("X-Storage-Url"))


def _by_version_3(options: SwiftOptions) -> Grant:
    asked = json.dumps({"auth": _auth(options)}).encode()
    request = Request(
        method="POST",
        url=f"{options.auth_address.rstrip('/')}/auth/tokens",
        headers={"Content-Type": "application/json"},
        body=io.BytesIO(asked),
        size=len(asked),
    )
    answer = send(request, options)
    body = answer.whole()
    _refuse(answer, options)
    try:
        return Grant(answer.header("X-Subject-Token"), _endpoint(json.loads(body)["token"]["catalog"], options))
    except (ValueError, LookupError, TypeError):
        raise Unreachable(f"What the login at {options.auth_address} answered is no token.") from None


def _auth(options: SwiftOptions) -> dict[str, Any]:
    project, _, user = options.user.partition(":")
    password = {"user": {"name": user, "domain": {"id": options.user_domain_id}, "password": options.key}}
    return {
        "identity": {"methods": ["password"], "password": password},
        "scope": {"project": {"name": project, "domain": {"id": options.project_domain_id}}},
    }


def _endpoint(catalog: list[dict[str, Any]], options: SwiftOptions) -> str:
    """The object store's URL in a token's catalog, empty if it has none for the interface and region."""
    interface = options.endpoint_type.removesuffix("URL")
    urls = (
        str(endpoint["url"])
        for service in catalog
        if service["type"] == "object-store"
        for endpoint in service["endpoints"]
        if endpoint["interface"] == interface and options.region in ("", endpoint["region_id"])
    )
    return next(urls, "")


def _refuse(answer: Answer, options: SwiftOptions) -> None:
    if answer.status in (401, 403):
        raise Unreachable(f"The login at {options.auth_address} refused its credentials.")
    if not 200 <= answer.status < 300:
        raise Unreachable(f"The login at {options.auth_address} answered {answer.status}.")


LOGINS: Mapping[str, Callable[[SwiftOptions], Grant]] = {"1": _by_version_1, "3": _by_version_3}
