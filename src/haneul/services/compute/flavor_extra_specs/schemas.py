from typing import Annotated

from haneul.kernel.schema import Meta

Key = Annotated[str, Meta(pattern=r"^[a-zA-Z0-9-_:. ]{1,255}\Z")]
Value = Annotated[str, Meta(max_length=255)] | int | float
ExtraSpecs = dict[Key, Value]
OneSpec = Annotated[dict[Key, Value], Meta(min_length=1, max_length=1)]
