"""Types of fields that several resources' bodies have."""

from typing import Annotated

from msgspec import Meta

NOT_UUID = "0-9a-fA-F]{8}-?"
"""What of the pattern tells it from others' in a refusal."""
UUID_PATTERN = f"^[{NOT_UUID}[0-9a-fA-F]{{4}}-?[0-9a-fA-F]{{4}}-?[0-9a-fA-F]{{4}}-?[0-9a-fA-F]{{12}}$"
Uuid = Annotated[str, Meta(pattern=UUID_PATTERN, max_length=36)]
"""The id of another resource; whether there is one is another question."""
