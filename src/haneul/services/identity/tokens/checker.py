"""Identity's side of every request: tokens kept in process as long as the identity epoch stands."""

import time
from collections import OrderedDict
from typing import Any

import msgspec

from haneul.kernel.auth import Caller
from haneul.kernel.db import Db
from haneul.kernel.errors import Forbidden, Unauthorized
from haneul.services.identity.epoch import EpochWatch
from haneul.services.identity.keys.ring import settled
from haneul.services.identity.tokens.logic import Grant, payload_of, readable, refuse_revoked
from haneul.services.identity.tokens.models import Payload
from haneul.services.identity.tokens.providers import TokenProvider
from haneul.services.identity.tokens.schemas import TokenView
from haneul.services.identity.tokens.standing import REFUSED, Validated, retold, standing_of

KEPT_MOST = 10_000

Key = tuple[str, str, str, str, str]


class _Kept(msgspec.Struct):
    epoch: int
    validated: Validated
    document: bytes


class _Stood(msgspec.Struct):
    epoch: int
    standing: Validated


class Tokens:
    """The process's validated tokens: what `kernel.auth.TokenChecker` asks for, and the documents of validation.

    What a user stands for in one place is kept besides: programs log in again and again.
    """

    def __init__(self, provider: TokenProvider, watch: EpochWatch, life_s: int) -> None:
        self.provider = provider
        self.life_s = life_s
        self._watch = watch
        self._keys_stamp = -1
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._stood: OrderedDict[Key, _Stood] = OrderedDict()

    def known(self, token: str) -> Caller | None:
        """The caller, if the token was validated under the epoch that stands; None sends to `look_up`."""
        kept = self._current(token)
        return None if kept is None else kept.validated.caller

    def look_up(self, db: Db, token: str) -> Caller:
        """The caller that a token stands for; Unauthorized when it is malformed, expired or revoked."""
        return self.validated(db, token).caller

    def validated(self, db: Db, token: str, *, expired_too: bool = False) -> Validated:
        """What a token stands for, without its catalog; Unauthorized when it is malformed, expired or revoked.

        `expired_too`: also one that has expired lately.
        """
        if expired_too:
            return self._validated(db, token, self._look(db), expired_too=True)
        return self._counting(db, token).validated

    def issue(self, db: Db, grant: Grant) -> str:
        """A new token of this content; Unauthorized or Forbidden if its user may not have it."""
        epoch = self._look(db)
        found = self._standing(db, epoch, payload_of(grant))
        refuse_revoked(db, found)
        token = self.provider.write(found.payload)
        self._keep(token, epoch, found)
        return token

    def refuse_ended(self, db: Db, earlier: Payload) -> None:
        """Unauthorized if the token is over, as this very transaction sees it; whatever is kept of it."""
        refuse_revoked(db, self._standing(db, self._look(db), earlier))

    def document(self, db: Db, token: str, *, with_catalog: bool = True) -> bytes:
        """The body that describes the token, as JSON."""
        kept = self._counting(db, token)
        if with_catalog:
            return kept.document
        return _document(kept.validated.view)

    def expired_document(self, db: Db, token: str, *, with_catalog: bool = True) -> bytes:
        """The body for a token that may have expired lately; Unauthorized when it doesn't count otherwise."""
        view = self._validated(db, token, self._look(db), expired_too=True).view
        return _document(view if with_catalog else msgspec.structs.replace(view, catalog=msgspec.UNSET))

    def _counting(self, db: Db, token: str) -> _Kept:
        kept = self._current(token)
        if kept is None:
            epoch = self._look(db)
            # The look may just have confirmed what was kept.
            kept = self._current(token)
        if kept is None:
            kept = self._keep(token, epoch, self._validated(db, token, epoch))
        return kept

    def _look(self, db: Db) -> int:
        """The epoch. What was kept goes where a key has come or gone: it may have been that key's."""
        stamp = self.provider.stamp()
        if stamp != self._keys_stamp:
            self._kept.clear()
            self._keys_stamp = settled(stamp)
        return self._watch.look(db)

    def _validated(self, db: Db, token: str, epoch: int, *, expired_too: bool = False) -> Validated:
        payload = readable(self.provider, token, expired_too=expired_too)
        try:
            found = self._standing(db, epoch, payload)
        except Forbidden:
            # What a new token is refused with, ends one that is there.
            raise Unauthorized(REFUSED) from None
        refuse_revoked(db, found)
        return found

    def _standing(self, db: Db, epoch: int, payload: Payload) -> Validated:
        """What the payload stands for. A delegation's end needs no look: no token by it lives longer."""
        key = (
            payload.user_id,
            payload.scope_kind,
            payload.scope_id,
            payload.trust_id,
            payload.application_credential_id,
        )
        stood = self._stood.get(key)
        if stood is not None and stood.epoch == epoch:
            return retold(stood.standing, payload)
        found = standing_of(db, payload)
        self._stood[key] = _Stood(epoch, found)
        _shorten(self._stood)
        return found

    def _keep(self, token: str, epoch: int, found: Validated) -> _Kept:
        document = _document(found.view)
        # The catalog is kept once, in the document: thousands of tokens may be kept.
        bare = msgspec.structs.replace(found, view=msgspec.structs.replace(found.view, catalog=msgspec.UNSET))
        kept = self._kept[token] = _Kept(epoch, bare, document)
        _shorten(self._kept)
        return kept

    def _current(self, token: str) -> _Kept | None:
        kept = self._kept.get(token)
        if kept is None or not self._watch.stands(kept.epoch) or kept.validated.caller.expires_at <= time.time():
            return None
        return kept


def _shorten(kept: OrderedDict[Any, Any]) -> None:
    while len(kept) > KEPT_MOST:
        kept.popitem(last=False)


def _document(view: TokenView) -> bytes:
    return b'{"token":%s}' % msgspec.json.encode(view)
