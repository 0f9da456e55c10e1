from collections.abc import Iterator

import pytest
from tests.host.net.places import Places, places


@pytest.fixture
def here() -> Iterator[Places]:
    with places() as made:
        yield made
