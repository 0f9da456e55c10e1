"""What one method of a login asserts, before and after it is proved."""

import msgspec

from haneul.services.identity.application_credentials.models import ApplicationCredential
from haneul.services.identity.tokens.models import Payload
from haneul.services.identity.users.models import User
from haneul.services.identity.users.passwords import Candidate


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a method would prove, and how far it has.

    `holds` is what is decided by now. Where `secret` stands, it still has to fit the hash `kept`, which takes as long
    as a hundred transactions. `candidate` is whose password it is, `earlier` what the presented token says.
    """

    method: str
    user: User | None
    holds: bool
    secret: str | None = None
    kept: str | None = None
    candidate: Candidate | None = None
    earlier: Payload | None = None
    application_credential: ApplicationCredential | None = None
