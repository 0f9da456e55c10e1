"""What the scaffold makes is sound as it stands: it passes lint, and its own tests pass."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the code with a service that is not there otherwise."""
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    service = tmp_path / "src" / "haneul" / "services" / "planted"
    service.mkdir()
    (service / "__init__.py").touch()
    return tmp_path


def scaffold(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    script = ROOT / "tools" / "scaffold.py"
    return run(project, str(script), *arguments, "--root", str(project))


def run(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(project / "src")},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("resource", "options"),
    [("bays", []), ("policies", ["--url", "/v2/policies"]), ("very_long_names_of_things_that_wrap_lines", [])],
)
def test_a_new_resource_is_sound(project: Path, resource: str, options: list[str]) -> None:
    made = scaffold(project, "planted", resource, *options)
    assert made.returncode == 0, made.stderr
    folder = f"src/haneul/services/planted/{resource}"
    assert {path.name for path in (project / folder).glob("*.py")} == {
        *("__init__.py", "models.py", "schemas.py", "logic.py", "api.py")
    }
    lint = run(project, "-m", "ruff", "check", folder, "tests")
    assert lint.returncode == 0, lint.stdout
    tests = run(project, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests")
    assert tests.returncode == 0, tests.stdout
    routes = run(
        project,
        "-c",
        f"from haneul.services.planted.{resource}.api import routes; print(len(routes.all), routes.all[0].path)",
    )
    assert routes.stdout == f"5 {options[1] if options else '/' + resource}\n", routes.stderr


def test_what_exists_is_never_overwritten(project: Path) -> None:
    scaffold(project, "planted", "bays")
    kept = project / "src/haneul/services/planted/bays/logic.py"
    kept.write_text("mine")
    again = scaffold(project, "planted", "bays")
    assert (again.returncode, kept.read_text()) == (1, "mine")
    assert "exists already; nothing was written" in again.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("planted", "Bays"), "'Bays' is not a name"),
        (("planted", "../bays"), "is not a name"),
        (("planted", "classes", "--singular", "class"), "give it with --singular"),
        (("planted", "staff"), "give it with --singular"),
        (("absent", "bays"), "There is no service absent"),
    ],
)
def test_bad_names_are_refused_in_a_sentence(project: Path, arguments: tuple[str, ...], sentence: str) -> None:
    refused = scaffold(project, *arguments)
    assert refused.returncode == 1
    assert sentence in refused.stderr
    assert sorted((project / "src/haneul/services/planted").iterdir()) == [
        project / "src/haneul/services/planted/__init__.py"
    ]
