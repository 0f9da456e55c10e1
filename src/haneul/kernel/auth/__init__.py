"""Who calls: the caller of a request, and what the kernel needs of the service that knows callers."""

from haneul.kernel.auth.caller import ANONYMOUS, Caller, TokenChecker

__all__ = ["ANONYMOUS", "Caller", "TokenChecker"]
