"""A service's HTTP tests, once more on real database servers.

A module of this folder says `vars().update(classes_of("tests.services.identity"))` and takes `cloud` and `admin` from
here: each module of the tests' folder becomes a class of its functions, and pytest runs all of them once per server.
"""

import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.servers.fixtures import mariadb_server, mariadb_url, postgresql_server, postgresql_url
from tests.support.cloud import Client, RunningCloud, running_cloud

__all__ = ["admin", "classes_of", "cloud", "mariadb_server", "mariadb_url", "postgresql_server", "postgresql_url"]

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module", params=["mariadb", "postgresql"])
def cloud(request: pytest.FixtureRequest) -> Iterator[RunningCloud]:
    """A cloud on a database server, shared by all tests that a module takes in."""
    with running_cloud(db=request.getfixturevalue(f"{request.param}_url")) as running:
        yield running


@pytest.fixture(scope="module")
def admin(cloud: RunningCloud) -> Client:
    return cloud.login()


def classes_of(package: str) -> dict[str, type]:
    """The tests of every module of a folder, as classes by name; they must share one cloud without getting in each
    other's way."""
    folder = ROOT / package.replace(".", "/")
    found = [_as_class(f"{package}.{path.stem}") for path in sorted(folder.glob("test_*.py"))]
    return {one.__name__: one for one in found}


def _as_class(module_name: str) -> type:
    module = importlib.import_module(module_name)
    functions = {name: staticmethod(it) for name, it in vars(module).items() if name.startswith("test_")}
    words = module_name.rpartition("test_")[2].split("_")
    return type("Test" + "".join(word.capitalize() for word in words), (), functions)
