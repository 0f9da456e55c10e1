"""Identity's side of every request: tokens kept in process as long as the identity epoch stands."""

import time
from collections import OrderedDict

import msgspec

from haneul.kernel.auth import Caller
from haneul.kernel.db import Db
from haneul.services.identity.epoch import EpochWatch
from haneul.services.identity.tokens.logic import Grant, Validated, granted, validated
from haneul.services.identity.tokens.providers import TokenProvider
from haneul.services.identity.tokens.schemas import TokenView

KEPT_MOST = 10_000


class _Kept(msgspec.Struct):
    epoch: int
    validated: Validated
    document: bytes


class Tokens:
    """The process's validated tokens: what `kernel.auth.TokenChecker` asks for, and the documents of validation."""

    def __init__(self, provider: TokenProvider, watch: EpochWatch, life_s: int) -> None:
        self.provider = provider
        self.life_s = life_s
        self._watch = watch
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    def known(self, token: str) -> Caller | None:
        """The caller, if the token was validated under the epoch that stands; None sends to `look_up`."""
        kept = self._current(token)
        return None if kept is None else kept.validated.caller

    def look_up(self, db: Db, token: str) -> Caller:
        """The caller that a token stands for; Unauthorized when it is malformed, expired or revoked."""
        return self.validated(db, token).caller

    def validated(self, db: Db, token: str, *, expired_too: bool = False) -> Validated:
        """What a token stands for; Unauthorized when it is malformed, expired or revoked.

        `expired_too`: also one that has expired lately.
        """
        if expired_too:
            return validated(db, self.provider, token, expired_too=True)
        return self._counting(db, token).validated

    def issue(self, db: Db, grant: Grant) -> str:
        """A new token of this content; Unauthorized or Forbidden if its user may not have it."""
        epoch = self._watch.look(db)
        found = granted(db, grant)
        token = self.provider.write(found.payload)
        self._keep(token, epoch, found)
        return token

    def document(self, db: Db, token: str, *, with_catalog: bool = True) -> bytes:
        """The body that describes the token, as JSON."""
        kept = self._counting(db, token)
        if with_catalog:
            return kept.document
        return _document(msgspec.structs.replace(kept.validated.view, catalog=msgspec.UNSET))

    def expired_document(self, db: Db, token: str, *, with_catalog: bool = True) -> bytes:
        """The body for a token that may have expired lately; Unauthorized when it doesn't count otherwise."""
        view = validated(db, self.provider, token, expired_too=True).view
        return _document(view if with_catalog else msgspec.structs.replace(view, catalog=msgspec.UNSET))

    def _counting(self, db: Db, token: str) -> _Kept:
        kept = self._current(token)
        if kept is None:
            epoch = self._watch.look(db)
            # The look may just have confirmed what was kept.
            kept = self._current(token)
        if kept is None:
            kept = self._keep(token, epoch, validated(db, self.provider, token))
        return kept

    def _keep(self, token: str, epoch: int, found: Validated) -> _Kept:
        kept = self._kept[token] = _Kept(epoch, found, _document(found.view))
        while len(self._kept) > KEPT_MOST:
            self._kept.popitem(last=False)
        return kept

    def _current(self, token: str) -> _Kept | None:
        kept = self._kept.get(token)
        if kept is None or not self._watch.stands(kept.epoch) or kept.validated.caller.expires_at <= time.time():
            return None
        return kept


def _document(view: TokenView) -> bytes:
    return b'{"token":%s}' % msgspec.json.encode(view)
