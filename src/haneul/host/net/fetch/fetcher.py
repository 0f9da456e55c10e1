"""Fetching what a tenant's URL names, for which nobody inside may be asked but whom the operator allows."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urljoin

from haneul.host.net.fetch.allowed import Allowed, check
from haneul.host.net.fetch.dialing import Dialer, Resolver, system_resolver
from haneul.host.net.fetch.lines import Deadline, Limits
from haneul.host.net.fetch.outcomes import Refused
from haneul.host.net.fetch.responses import REDIRECTS, Response, ask, header, refuse_unwanted
from haneul.host.net.fetch.urls import AMBIGUOUS, Url

MOST_REDIRECTS = 3


class Fetcher:
    """Fetches by HTTP; what it opens belongs to one thread at a time.

    Each host's name is resolved once per connection and connected to by an address that was checked. No cookie, no
    credential and no proxy of the environment takes part. `authorities` is a PEM file of further trusted CAs.
    """

    def __init__(
        self,
        allowed: Allowed,
        limits: Limits,
        *,
        authorities: Path | None = None,
        resolve: Resolver = system_resolver,
    ) -> None:
        self._allowed, self._limits = allowed, limits
        self._dialer = Dialer(allowed, limits, authorities, resolve)

    def check(self, url: str) -> None:
        """Refused for an URL that says by itself that it may not be fetched. Asks nobody."""
        check(url, self._allowed)

    def open(self, url: str, *, offset: int = 0, headers: Mapping[str, str] = MappingProxyType({})) -> Response:
        """What the URL names, from the byte `offset` on; Refused or FetchFailed with a sentence for the tenant.

        `headers` may hold credentials: with any, no redirect is followed. Waits for the network: call it in a thread.
        """
        deadline, wanted = Deadline(self._limits.total_s), check(url, self._allowed)
        more = [*headers.items(), *([("Range", f"bytes={offset}-")] if offset else [])]
        for _ in range(MOST_REDIRECTS + 1):
            answer = self._ask(wanted, offset, more, deadline)
            if isinstance(answer, Response):
                return answer
            if headers:
                raise Refused("The server redirects what was asked with credentials.")
            wanted = answer
        raise Refused(f"The server redirects more than {MOST_REDIRECTS} times.")

    def _ask(self, url: Url, offset: int, headers: Sequence[tuple[str, str]], deadline: Deadline) -> Response | Url:
        line = self._dialer.dial(url, deadline)
        try:
            parser, head = ask(line, url, headers)
            if head.status_code in REDIRECTS:
                line.close()
                return self._followed(url, header(head, "location"))
            refuse_unwanted(head, offset)
            return Response(line, parser, head, self._limits.most_bytes - offset)
        except BaseException:
            line.close()
            raise

    def _followed(self, url: Url, location: str) -> Url:
        # `urljoin` drops some characters silently; what it makes of the rest is judged as any URL is.
        if not location or not location.isascii() or AMBIGUOUS.search(location):
            raise Refused("The server redirects to a malformed URL.")
        try:
            wanted = check(urljoin(url.text, location), self._allowed)
        except (Refused, ValueError):
            raise Refused("The server redirects to an URL that is not allowed.") from None
        if url.scheme == "https" and wanted.scheme != "https":
            raise Refused("The server redirects from https to http.")
        return wanted
