"""News of what was committed, for other services and for who listens on the bus."""

from haneul.kernel.events.publisher import Publisher, emit

__all__ = ["Publisher", "emit"]
