"""Requests to a Swift account: with a token that is renewed, repeated a few times, their answers in our kinds."""

import time
from threading import Lock

import msgspec

from haneul.services.image.drivers.base import Full, Unreachable
from haneul.services.image.drivers.swift.http import Answer, Request, send
from haneul.services.image.drivers.swift.login import Grant, log_in
from haneul.services.image.drivers.swift.options import SwiftOptions

PAUSE_S = 0.5
# Too much at once (498 is Swift's own rate limit), or a server's own trouble.
PASSING = (408, 429, 498, 500, 502, 503, 504)


class Passing(Unreachable):
    """What may go better when it is tried again."""


class Wire:
    """One account's face. A request's `url` is a path in the account, as `/container/object`."""

    def __init__(self, options: SwiftOptions) -> None:
        self._options = options
        self._renewing = Lock()
        self._grant: Grant | None = None

    def ask(self, request: Request) -> Answer:
        """Send a request and get an answer that says yes; FileNotFoundError, Full, Unreachable."""
        for attempt in range(1, self._options.attempts + 1):
            try:
                return self._accepted(request)
            except Passing:
                if attempt == self._options.attempts:
                    raise
                time.sleep(PAUSE_S * 2 ** (attempt - 1))
        raise AssertionError("The last attempt returns or raises.")

    def _accepted(self, request: Request) -> Answer:
        grant = self._granted(instead_of=None)
        answer = self._sent(request, grant)
        if answer.status == 401:
            answer.close()
            answer = self._sent(request, self._granted(instead_of=grant))
        if 200 <= answer.status < 300:
            return answer
        answer.close()
        raise self._kind_of(answer.status)

    def _sent(self, request: Request, grant: Grant) -> Answer:
        headers = {**request.headers, "X-Auth-Token": grant.token}
        whole = msgspec.structs.replace(request, url=grant.account_url + request.url, headers=headers)
        try:
            return send(whole, self._options)
        except Unreachable as error:
            raise Passing(str(error)) from None

    def _granted(self, instead_of: Grant | None) -> Grant:
        """The token that all share; a new one if it is the one that was refused."""
        with self._renewing:
            if self._grant is None or self._grant is instead_of:
                self._grant = None
                self._grant = log_in(self._options)
            return self._grant

    def _kind_of(self, status: int) -> Exception:
        place = f"The object store that {self._options.auth_address} leads to"
        if status == 404:
            return FileNotFoundError("The store has no such object.")
        if status in (413, 507):
            return Full(f"{place} takes no more bytes.")
        if status in (401, 403):
            return Unreachable(f"{place} refused its credentials.")
        return (Passing if status in PASSING else Unreachable)(f"{place} answered {status}.")
