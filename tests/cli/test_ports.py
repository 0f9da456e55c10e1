"""The supervisor binds ports before it may know the services."""

from pathlib import Path

from haneul.cloud import Cloud
from haneul.kernel.config import Settings
from haneul.settings import SERVICE_PORTS, settled


def test_the_ports_that_are_bound_early_are_those_of_the_services(tmp_path: Path) -> None:
    (tmp_path / "control").mkdir()
    settings = settled(tmp_path, Settings({}, {}), {"base_port": 7})
    cloud = Cloud(settings, Settings({}, {}))
    try:
        assert {one.type: one.port for one in cloud.services} == dict(SERVICE_PORTS)
        assert sorted(cloud.ports()) == sorted(settings.listening_ports)
    finally:
        cloud.store.close()
