"""A service's HTTP tests, once more on real database servers.

A module of this folder says `vars().update(classes_of("tests.services.identity"))` and takes `cloud` and `admin` from
here: each module of the tests' folder becomes a class of its functions, and pytest runs all of them once per server.
"""

import importlib
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from _pytest.fixtures import FixtureFunctionDefinition
from tests.servers.fixtures import mariadb_server, mariadb_url, postgresql_server, postgresql_url
from tests.support.cloud import Client, RunningCloud, running_cloud

__all__ = ["admin", "classes_of", "cloud", "mariadb_server", "mariadb_url", "postgresql_server", "postgresql_url"]

GIVEN = ("cloud", "admin")
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module", params=["mariadb", "postgresql"])
def cloud(request: pytest.FixtureRequest) -> Iterator[RunningCloud]:
    """A cloud on a database server, shared by all tests that a module takes in."""
    with running_cloud(db=request.getfixturevalue(f"{request.param}_url")) as running:
        yield running


@pytest.fixture(scope="module")
def admin(cloud: RunningCloud) -> Client:
    return cloud.login()


def classes_of(package: str, *, without: tuple[str, ...] = ()) -> dict[str, type]:
    """The tests of every module of a folder, as classes by name; they must share one cloud without getting in each
    other's way. `without` names modules to leave out."""
    folder = ROOT / package.replace(".", "/")
    names = [path.stem for path in sorted(folder.glob("test_*.py")) if path.stem not in without]
    found = [_as_class(f"{package}.{name}") for name in names]
    return {one.__name__: one for one in found}


def _as_class(module_name: str) -> type:
    module = importlib.import_module(module_name)
    own = {name: it for name, it in vars(module).items() if isinstance(it, FixtureFunctionDefinition)}
    asked = {name: set(inspect.signature(it._get_wrapped_function()).parameters) for name, it in own.items()}
    # Clouds that a module starts with settings of its own stand on SQLite: what needs them has been tested there.
    apart = {name for name, it in own.items() if "running_cloud(" in inspect.getsource(it._get_wrapped_function())}
    apart -= set(GIVEN)
    while more := {name for name, asks in asked.items() if asks & apart} - apart:
        apart |= more
    kept = {name: it for name, it in own.items() if name not in apart and name not in GIVEN}
    here = {*GIVEN, *kept}
    tests = {name: it for name, it in vars(module).items() if name.startswith("test_") and _is_of(it, here, apart)}
    words = module_name.rpartition("test_")[2].split("_")
    members: dict[str, object] = {name: staticmethod(it) for name, it in tests.items()}
    members |= {name: _in_class(it) for name, it in kept.items()}
    return type("Test" + "".join(word.capitalize() for word in words), (), members)


def _in_class(fixture: FixtureFunctionDefinition) -> object:
    return fixture._fixture_function_marker(staticmethod(fixture._get_wrapped_function()))


def _is_of(test: Callable[..., object], here: set[str], apart: set[str]) -> bool:
    """Whether a test asks a cloud anything, and none that stands apart."""
    asks = set(inspect.signature(test).parameters)
    return bool(asks & here) and not asks & apart
