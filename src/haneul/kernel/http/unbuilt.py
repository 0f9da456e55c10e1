"""What an API documents and haneul does not answer: such calls get an honest refusal in place of a 404.

Each service's package holds `unbuilt.txt`, which `make docs` writes: one call a line, `METHOD PATH [ACTION] [WORDS]`.
The words are `since=` and `until=` for the versions that have the call, `status=` where upstream has it no more.
"""

import re
from collections.abc import Callable, Iterable
from importlib.resources import files
from typing import Any

import msgspec

from haneul.kernel.errors import Gone, NotBuilt
from haneul.kernel.http.call import Call
from haneul.kernel.http.routes import BODY_LIMIT, Options, Route
from haneul.kernel.http.versions import NEWEST, Version, version
from haneul.kernel.policy import Rule

SIGNED_IN = Rule("signed_in", "@", "Anyone with a token.")
FIELD = re.compile(r"\{[^}]+\}")
GONE = "This resource is no longer available. No forwarding address is given."
NOT_YET = "haneul does not offer {call} yet."


class Unbuilt(msgspec.Struct, frozen=True, kw_only=True):
    """A documented call without a route. `status` is 410 for one that upstream has removed."""

    method: str
    path: str
    action: str = ""
    since: str = ""
    until: str = ""
    status: int = 501

    def __str__(self) -> str:
        words = [f"since={self.since}" if self.since else "", f"until={self.until}" if self.until else ""]
        status = f"status={self.status}" if self.status != 501 else ""
        return " ".join(filter(None, (self.method, self.path, self.action, *words, status)))


def parse(line: str) -> Unbuilt:
    """One line of `unbuilt.txt`."""
    method, path, *rest = line.split()
    words = dict(word.split("=", 1) for word in rest if "=" in word)
    action = next((word for word in rest if "=" not in word), "")
    status = int(words.pop("status", "501"))
    return Unbuilt(method=method, path=path, action=action, status=status, **words)


def unbuilt_of(package: str) -> list[Unbuilt]:
    """What a service's package says that it lacks; nothing for one without the file."""
    listed = files(package).joinpath("unbuilt.txt")
    return [parse(line) for line in listed.read_text().splitlines()] if listed.is_file() else []


def refusing_routes(unbuilt: Iterable[Unbuilt], built: Iterable[Route]) -> list[Route]:
    """A route for each call that isn't built; what has been built since the list was written stays as it is."""
    naming = _Naming()
    answered = {_key(naming.named(route.path), route) for route in built}
    # A route for GET answers HEAD as well.
    answered |= {("HEAD", path, action) for method, path, action in answered if method == "GET"}
    found = [_refusing(one, naming.named(one.path)) for one in unbuilt]
    return [route for route in found if _key(route.path, route) not in answered]


def _key(path: str, route: Route) -> tuple[str, str, str]:
    return route.method, path, route.options.action


def _refusing(one: Unbuilt, path: str) -> Route:
    return Route(
        method=one.method,
        path=path,
        rule=SIGNED_IN,
        handler=_refusal(one),
        # What is uploaded to a call that isn't there need not be read; an action's name stands in the body.
        options=Options(quick=True, action=one.action, body_limit=BODY_LIMIT if one.action else 0),
        status=one.status,
        transaction="read",
        path_names=tuple(name[1:-1] for name in FIELD.findall(path)),
        body_type=None,
        query_type=None,
        view_type=None,
        is_async=False,
        first=version(one.since) if one.since else Version(0, 0),
        last=version(one.until) if one.until else NEWEST,
    )


def _refusal(one: Unbuilt) -> Callable[..., None]:
    said = f"{one.method} {one.path}" + (f" ({one.action})" if one.action else "")

    def refuse(call: Call, **_names: Any) -> None:
        call.enforced = True
        if one.status == 410:
            raise Gone(GONE)
        raise NotBuilt(NOT_YET, call=said)

    return refuse


class _Naming:
    """Falcon wants one name per place of a path; the routes that are built choose it."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def named(self, path: str) -> str:
        """The path with the names that its places got first."""
        written, shape = "", ""
        for depth, segment in enumerate(path.strip("/").split("/")):
            shape += "/" + FIELD.sub("{}", segment)
            if FIELD.search(segment):
                segment = self._names.setdefault(shape, self._free(segment, depth, written))
            written += "/" + segment
        return written

    def _free(self, segment: str, depth: int, written: str) -> str:
        """The segment, renamed if its name stands further left already."""
        return f"{{at_{depth}}}" if segment in written else segment
