"""The command's own client of the cloud's APIs, as admin, without any client library."""

import http.client
import json
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from haneul.cli import credentials
from haneul.cli.failures import Failure
from haneul.cli.tree.layout import Layout
from haneul.settings import CloudSettings

TIMEOUT_S = 60.0


class Answer(msgspec.Struct, frozen=True):
    """What a service answered; `body` is its JSON, None where it had none."""

    status: int
    headers: Mapping[str, str]
    body: Any


class Refused(Failure):
    """A service answered with an error."""

    def __init__(self, answer: Answer, request: str) -> None:
        super().__init__(f"{request} was answered with {answer.status}: {_words(answer.body)}")
        self.status = answer.status


class AdminClient:
    """Speaks to one cloud from its own machine; logs in when it first must."""

    def __init__(self, layout: Layout, settings: CloudSettings) -> None:
        self._layout, self._settings = layout, settings
        self._token = ""

    def get(self, service: str, path: str, **headers: str) -> Any:
        return self.request(service, "GET", path, headers=headers).body

    def post(self, service: str, path: str, body: Any, **headers: str) -> Any:
        return self.request(service, "POST", path, body, headers=headers).body

    def delete(self, service: str, path: str) -> None:
        self.request(service, "DELETE", path)

    def upload(self, service: str, path: str, file: Path) -> None:
        """PUT a file's bytes."""
        with file.open("rb") as content:
            self._checked(service, "PUT", path, content, {"Content-Type": "application/octet-stream"})

    def request(
        self, service: str, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Ask as admin; Refused for any error, Failure where nobody answers."""
        given = {name.replace("_", "-"): value for name, value in (headers or {}).items()}
        if body is not None:
            given["Content-Type"] = "application/json"
        return self._checked(service, method, path, None if body is None else json.dumps(body).encode(), given)

    def _checked(self, service: str, method: str, path: str, body: Any, headers: Mapping[str, str]) -> Answer:
        if not self._token:
            self._log_in()
        answer = self._send(service, method, path, body, {**headers, "X-Auth-Token": self._token})
        if answer.status >= 400:
            raise Refused(answer, f"{method} {path}")
        return answer

    def _log_in(self) -> None:
        told = credentials.variables(self._layout, self._settings)
        user = {"name": "admin", "domain": {"id": "default"}, "password": told["OS_PASSWORD"]}
        identity = {"methods": ["password"], "password": {"user": user}}
        scope = {"project": {"name": "admin", "domain": {"id": "default"}}}
        body = json.dumps({"auth": {"identity": identity, "scope": scope}}).encode()
        answer = self._send("identity", "POST", "/v3/auth/tokens", body, {"Content-Type": "application/json"})
        if answer.status == 401:
            raise Failure(
                "The cloud does not take the admin password that `haneul up` made.",
                f"If it was changed, put the new one into {self._layout.admin_password}.",
            )
        if answer.status != 201:
            raise Refused(answer, "POST /v3/auth/tokens")
        self._token = answer.headers["x-subject-token"]

    def _send(self, service: str, method: str, path: str, body: Any, headers: Mapping[str, str]) -> Answer:
        connection = self._connection(self._settings.port_of(service))
        try:
            return exchange(connection, method, path, body, headers)
        except (OSError, http.client.HTTPException) as error:
            raise Failure(
                f"The cloud's {service} service does not answer ({error}).", "See `haneul status`, or run `haneul up`."
            ) from error

    def _connection(self, port: int) -> http.client.HTTPConnection:
        host = self._settings.local_address
        if not self._settings.tls:
            return http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)
        return http.client.HTTPSConnection(host, port, timeout=TIMEOUT_S, context=self._trust())

    def _trust(self) -> ssl.SSLContext:
        # A given certificate names the public host, and we come by the address: that it is this very one is enough.
        own = credentials.authority(self._layout)
        context = ssl.create_default_context(cafile=str(own if own.exists() else self._settings.tls_certificate))
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        context.check_hostname = False
        return context


def exchange(
    connection: http.client.HTTPConnection, method: str, path: str, body: Any, headers: Mapping[str, str]
) -> Answer:
    """Send one request on a connection, which is closed then; OSError or HTTPException where nobody answers."""
    try:
        connection.request(method, path, body, dict(headers))
        reply = connection.getresponse()
        content = reply.read()
    finally:
        connection.close()
    named = {name.lower(): value for name, value in reply.getheaders()}
    is_json = named.get("content-type", "").startswith("application/json")
    return Answer(reply.status, named, json.loads(content) if content and is_json else None)


def _words(body: Any) -> str:
    """The sentence in any service's error envelope."""
    if isinstance(body, dict):
        for value in (body.get("message"), *body.values()):
            if isinstance(value, str):
                return value
            if isinstance(value, dict | list) and (inner := _words(value)):
                return inner
    if isinstance(body, list) and body:
        return str(body[0].get("detail", "")) if isinstance(body[0], dict) else ""
    return "no reason was given"
