"""Who calls: the caller of a request, and what the kernel needs of the service that knows callers."""

from haneul.kernel.auth.access_rules import AccessRule
from haneul.kernel.auth.caller import ANONYMOUS, Caller, TokenChecker
from haneul.kernel.auth.origin import NOBODY, Origin

__all__ = ["ANONYMOUS", "NOBODY", "AccessRule", "Caller", "Origin", "TokenChecker"]
