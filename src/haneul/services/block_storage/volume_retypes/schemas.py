from typing import Literal

from haneul.kernel.schema import Name, StrictBody


class Retype(StrictBody):
    """`new_type` is a type's id or name; `migration_policy` says whether the volume may be moved for it."""

    new_type: Name
    migration_policy: Literal["on-demand", "never"] | None = None
