"""Every driver stands in its service's map, and a contract test goes through it: fake and real keep one contract."""

import ast
import importlib
import inspect
import pkgutil
from types import ModuleType

import pytest
from tests.contracts.hypervisor_grounds import GROUNDS
from tests.style.tree import modules

import haneul.services

MAPS = [
    importlib.import_module(module.name)
    for module in pkgutil.walk_packages(haneul.services.__path__, "haneul.services.")
    if module.name.endswith(".drivers")
]
MOST_VERBS = 20

each_map = pytest.mark.parametrize("drivers", MAPS, ids=lambda module: module.__name__.split(".")[2])


@each_map
def test_a_contract_test_goes_through_the_map(drivers: ModuleType) -> None:
    imports = [
        node.module
        for module in modules("tests/contracts")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ImportFrom) and any(name.name == "DRIVERS" for name in node.names)
    ]
    assert drivers.__name__ in imports
    assert drivers.DRIVERS


def test_every_hypervisor_driver_has_its_ground() -> None:
    compute = importlib.import_module("haneul.services.compute.drivers")
    assert set(compute.DRIVERS) == set(GROUNDS)


@each_map
def test_a_contract_has_a_sentence_for_it_and_few_verbs(drivers: ModuleType) -> None:
    base = importlib.import_module(f"{drivers.__name__}.base")
    contracts = [value for value in vars(base).values() if isinstance(value, type) and is_protocol(value, base)]
    assert contracts
    for contract in contracts:
        assert inspect.getdoc(contract)
        verbs = [name for name, value in vars(contract).items() if inspect.isfunction(value) and name[0] != "_"]
        assert len(verbs) <= MOST_VERBS


def is_protocol(value: type, base: ModuleType) -> bool:
    return value.__module__ == base.__name__ and bool(getattr(value, "_is_protocol", False))
