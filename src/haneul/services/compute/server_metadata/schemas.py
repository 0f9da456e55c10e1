from typing import Annotated

from haneul.kernel.schema import Meta
from haneul.services.compute.servers.schemas import Metadata

OneItem = Annotated[Metadata, Meta(min_length=1, max_length=1)]
