from collections.abc import Iterator

import pytest
from tests.host.net.lan import Lan, Network, lans
from tests.host.net.places import Places, places


@pytest.fixture
def here() -> Iterator[Places]:
    with places() as made:
        yield made


@pytest.fixture
def network(here: Places) -> Iterator[Network]:
    with lans(here) as made:
        yield made


@pytest.fixture
def lan(network: Network) -> Lan:
    return network.new("one")
