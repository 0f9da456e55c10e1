from typing import Annotated, Literal

from haneul.kernel.schema import UNSET, Meta, StrictBody, Text255, UnsetType, View


class Reboot(StrictBody):
    type: Literal["HARD", "SOFT", "hard", "soft", "Hard", "Soft"]


class ConsoleOutput(StrictBody):
    """`length` may come as a string of digits; -1 is all."""

    length: Annotated[int, Meta(ge=-1)] | Annotated[str, Meta(pattern=r"^(-1|[0-9]{1,9})\Z")] | None | UnsetType = UNSET


class Lock(StrictBody):
    locked_reason: Text255 | UnsetType = UNSET


class ResetState(StrictBody):
    state: Literal["active", "error"]


class ConsoleView(View):
    output: str
