from typing import Annotated, Literal

from haneul.kernel.schema import UNSET, Meta, StrictBody, Text255, UnsetType, View


class Reboot(StrictBody):
    type: Literal["HARD", "SOFT", "hard", "soft", "Hard", "Soft"]


class ConsoleOutput(StrictBody):
    length: Annotated[int, Meta(ge=-1)] | None | UnsetType = UNSET


class Lock(StrictBody):
    locked_reason: Text255 | UnsetType = UNSET


class ConsoleView(View):
    output: str
