"""The hosts on which hypervisor drivers are tried, by the `kind` that a test asks for."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.contracts import bootable
from tests.contracts.hypervisor_grounds import GROUNDS, Driver, Ground


@pytest.fixture(scope="session")
def real_image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("bootable") / "disk.raw"
    bootable.build(target)
    return target


@pytest.fixture(scope="session")
def unreal_image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("unreal") / "disk.raw"
    target.write_bytes(bytes(1 << 20))
    return target


@pytest.fixture
def kind(request: pytest.FixtureRequest) -> str:
    return str(getattr(request, "param", "fake"))


@pytest.fixture
def ground(kind: str, request: pytest.FixtureRequest) -> Iterator[Ground]:
    made = GROUNDS[kind](request.getfixturevalue("real_image" if kind == "qemu" else "unreal_image"))
    yield made
    made.close()


@pytest.fixture
def driver(ground: Ground) -> Driver:
    return ground.driver()
