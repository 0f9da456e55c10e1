"""The kinds of error that logic raises, each with the sentence that the user will read.

The sentence is a template with named values, so that it can be translated. Only `kernel.http.faults` knows how
each service puts an error on the wire.
"""

from typing import Any, ClassVar

NEUTRAL = "The server has hit an unexpected condition; the request id names it in the log."


class ApiError(Exception):
    """A refusal to the user: `template.format(**values)` is the sentence, `status` the HTTP status.

    `kind` is the machine-readable name that some services put beside the sentence (Placement's codes, Neutron's types).
    """

    status: ClassVar[int] = 500

    def __init__(self, template: str, /, *, kind: str = "", **values: Any) -> None:
        super().__init__(template)
        self.template = template
        self.kind = kind
        self.values = values

    def __str__(self) -> str:
        return self.template.format(**self.values) if self.values else self.template

    @property
    def headers(self) -> dict[str, str]:
        return {}


class BadRequest(ApiError):
    status = 400


class Unauthorized(ApiError):
    status = 401


class Forbidden(ApiError):
    """`rule` names the policy rule that refused, if one did."""

    status = 403

    def __init__(self, template: str, /, *, rule: str = "", **values: Any) -> None:
        super().__init__(template, rule=rule, **values)
        self.rule = rule


class NotFound(ApiError):
    status = 404


class Conflict(ApiError):
    status = 409


class Gone(ApiError):
    status = 410


class PreconditionFailed(ApiError):
    status = 412


class TooLarge(ApiError):
    status = 413


class OverQuota(ApiError):
    """A limit is reached; services answer it with 403, 409 or 413, as `kernel.http.faults` says."""

    status = 413


class Unacceptable(ApiError):
    """A request that HTTP itself refuses: 405, 406, 411, 414, 415, 431."""

    def __init__(self, status: int, template: str, /, *, allow: str = "", **values: Any) -> None:
        super().__init__(template, **values)
        self.status = status  # type: ignore[misc]
        self.allow = allow

    @property
    def headers(self) -> dict[str, str]:
        return {"Allow": self.allow} if self.allow else {}


class NotBuilt(ApiError):
    """haneul does not have this yet and says so."""

    status = 501


class Unavailable(ApiError):
    """Something that the request needs is away; trying again may help."""

    status = 503


class DatabaseBusy(Unavailable):
    """A transaction was tried many times and met others each time."""
