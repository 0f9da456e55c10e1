"""The cloud that public test suites expect."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from haneul.kernel.config import Settings
from tests.support.cloud import RunningCloud, running_cloud

CONFORMANCE = Path(__file__).with_name("conformance.toml")


@contextmanager
def conforming_cloud() -> Iterator[RunningCloud]:
    """A cloud as `conformance.toml` has it."""
    sections: dict[str, Any] = dict(Settings.load(CONFORMANCE, {}).sections)
    with running_cloud(**sections) as running:
        yield running
