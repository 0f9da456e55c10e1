"""Each import contract of pyproject.toml is broken on purpose once, in a copy of the code, and must be reported."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]


@dataclass(frozen=True)
class Plant:
    """An import that a contract must refuse."""

    contract: str
    importer: str
    imported: str

    def __str__(self) -> str:
        return f"{self.contract}: {self.importer} -> {self.imported}"


PLANTS = (
    Plant("storeys", "haneul.kernel.planted", "haneul.services.identity"),
    Plant("storeys", "haneul.kernel.planted_too", "haneul.host"),
    Plant("storeys", "haneul.host.planted", "haneul.kernel"),
    Plant("storeys", "haneul.dashboard.planted", "haneul.kernel"),
    Plant("storeys", "haneul.services.identity.planted", "haneul.cli"),
    Plant("rooms", "haneul.services.identity.planted_things.models", "haneul.services.identity.planted_things.logic"),
    Plant("rooms", "haneul.services.identity.planted_things.logic", "haneul.services.identity.planted_things.api"),
    Plant("public", "haneul.services.compute.planted", "haneul.services.placement.planted_private"),
    Plant("downward", "haneul.services.identity.planted_up", "haneul.services.compute.public"),
    Plant("drivers", "haneul.services.compute.drivers.planted", "haneul.kernel.db"),
    Plant("drivers", "haneul.services.compute.drivers.planted_bus", "haneul.kernel.bus"),
    Plant("agents", "haneul.services.compute.agent.planted", "haneul.kernel.db"),
    Plant("edge", "haneul.services.identity.planted_edge", "falcon"),
    Plant("edge", "haneul.kernel.planted_edge", "uvicorn"),
    Plant("processes", "haneul.kernel.planted_process", "subprocess"),
    Plant("rows", "haneul.services.identity.planted_things.schemas", "haneul.kernel.http"),
    Plant("rows", "haneul.services.identity.planted_things.operations", "haneul.host"),
    Plant("queries", "haneul.services.identity.planted_things.api", "sqlalchemy"),
    Plant("light", "haneul.kernel.planted_client", "openstack"),
)
STRANGE_ROOM = "haneul.planted_room"
STRANGE_SERVICE = "haneul.services.planted_service"


@pytest.fixture(scope="module")
def verdict(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What lint-imports says of each broken contract, by the contract's name, once everything is planted."""
    source = tmp_path_factory.mktemp("planted")
    shutil.copytree(ROOT / "src" / "haneul", source / "haneul", ignore=shutil.ignore_patterns("__pycache__"))
    for plant in PLANTS:
        if plant.imported.startswith("haneul."):
            make_module(source, plant.imported, "")
        make_module(source, plant.importer, f"import {plant.imported}\n")
    for module in (STRANGE_ROOM, STRANGE_SERVICE):
        make_module(source, module, "")
    return sections(run_linter(source))


def make_module(source: Path, name: str, text: str) -> None:
    """Write a module (appended to what stands) and the packages above it."""
    path = source.joinpath(*name.split("."))
    if path.is_dir():
        path = path / "__init__"
    for package in path.relative_to(source).parents[:-1]:
        (source / package).mkdir(exist_ok=True)
        (source / package / "__init__.py").touch()
    with path.with_suffix(".py").open("a") as file:
        file.write(f"\n{text}")


def run_linter(source: Path) -> str:
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [linter, "--no-logo", "--no-cache", "--config", ROOT / "pyproject.toml"],
        cwd=source,
        env={**os.environ, "PYTHONPATH": str(source), "COLUMNS": "400"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Broken contracts" in done.stdout, done.stdout + done.stderr
    return done.stdout.partition("Broken contracts")[2]


def sections(report: str) -> dict[str, str]:
    """Cut a report at its underlined headings."""
    parts = re.split(r"^(.+)\n-{3,}$", report, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def name_of(contract_id: str) -> str:
    return str(next(contract["name"] for contract in CONTRACTS if contract["id"] == contract_id))


@pytest.mark.parametrize("plant", PLANTS, ids=str)
def test_contract_reports_the_planted_import(verdict: dict[str, str], plant: Plant) -> None:
    assert f"{plant.importer} -> {plant.imported} " in verdict[name_of(plant.contract)]


def test_new_rooms_and_services_must_find_their_place(verdict: dict[str, str]) -> None:
    assert STRANGE_ROOM in verdict[name_of("storeys")]
    assert STRANGE_SERVICE in verdict[name_of("downward")]


def test_every_contract_has_a_plant() -> None:
    assert {contract["id"] for contract in CONTRACTS} == {plant.contract for plant in PLANTS}
