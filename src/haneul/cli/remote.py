"""A client of any cloud, this one or another, as whom the `OS_*` variables of a shell name."""

import http.client
import json
import ssl
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from haneul.cli.client import TIMEOUT_S, Answer, Refused, exchange
from haneul.cli.failures import Failure


class RemoteClient:
    """Speaks to the services that the cloud's catalog names; logs in when it first must."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._told = variables
        self._token = ""
        self._catalog: list[dict[str, Any]] = []

    def get(self, service: str, path: str, key: str) -> Any:
        """What an answer has under its one key."""
        return self.request(service, "GET", path)[key]

    def request(self, service: str, method: str, path: str, body: Any = None) -> Any:
        """An answer's JSON, None where it has none; Refused for any error, Failure where nobody answers."""
        if not self._token:
            self._log_in()
        headers = {"X-Auth-Token": self._token, "Content-Type": "application/json"}
        answer = self._send(self._url_of(service) + path, method, body, headers)
        if answer.status >= 400:
            raise Refused(answer, f"{method} {path}")
        return answer.body

    def _log_in(self) -> None:
        identity = {"methods": ["password"], "password": {"user": self._user()}}
        body = {"auth": {"identity": identity, "scope": {"project": self._project()}}}
        url = self._variable("OS_AUTH_URL").rstrip("/").removesuffix("/v3") + "/v3/auth/tokens"
        answer = self._send(url, "POST", body, {"Content-Type": "application/json"})
        if answer.status == 401:
            raise Failure("The cloud does not take this user and password.", "Look at OS_USERNAME and OS_PASSWORD.")
        if answer.status != 201:
            raise Refused(answer, "POST /v3/auth/tokens")
        self._token = answer.headers["x-subject-token"]
        self._catalog = answer.body["token"].get("catalog", [])

    def _user(self) -> dict[str, Any]:
        password = self._variable("OS_PASSWORD")
        if user_id := self._told.get("OS_USER_ID"):
            return {"id": user_id, "password": password}
        return {"name": self._variable("OS_USERNAME"), "password": password, "domain": self._domain("USER")}

    def _project(self) -> dict[str, Any]:
        project_id = self._told.get("OS_PROJECT_ID") or self._told.get("OS_TENANT_ID")
        if project_id:
            return {"id": project_id}
        name = self._told.get("OS_TENANT_NAME") or self._variable("OS_PROJECT_NAME")
        return {"name": name, "domain": self._domain("PROJECT")}

    def _domain(self, of: str) -> dict[str, str]:
        if name := self._told.get(f"OS_{of}_DOMAIN_NAME"):
            return {"name": name}
        return {"id": self._told.get(f"OS_{of}_DOMAIN_ID") or "default"}

    def _variable(self, name: str) -> str:
        value = self._told.get(name, "")
        if not value:
            raise Failure(f"The variable {name} is not set.", "Run `source admin-openrc`, or `eval $(haneul openrc)`.")
        return value

    def _url_of(self, service: str) -> str:
        interface = (self._told.get("OS_INTERFACE") or "public").removesuffix("URL")
        region = self._told.get("OS_REGION_NAME")
        for entry in self._catalog:
            for endpoint in entry["endpoints"] if entry["type"] == service else ():
                if endpoint["interface"] == interface and region in (None, "", endpoint["region_id"]):
                    return str(endpoint["url"]).rstrip("/")
        raise Failure(
            f"The cloud's catalog has no {interface} endpoint of the {service} service.",
            "Look at OS_REGION_NAME and OS_INTERFACE.",
        )

    def _send(self, url: str, method: str, body: Any, headers: Mapping[str, str]) -> Answer:
        parts = urlsplit(url)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        sent = None if body is None else json.dumps(body).encode()
        try:
            return exchange(self._connection(parts.scheme, parts.netloc), method, path, sent, headers)
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise Failure(f"Nobody answers at {url} ({error}).", "Look at OS_AUTH_URL.") from error

    def _connection(self, scheme: str, place: str) -> http.client.HTTPConnection:
        if scheme != "https":
            return http.client.HTTPConnection(place, timeout=TIMEOUT_S)
        trust = ssl.create_default_context(cafile=self._told.get("OS_CACERT") or None)
        return http.client.HTTPSConnection(place, timeout=TIMEOUT_S, context=trust)
