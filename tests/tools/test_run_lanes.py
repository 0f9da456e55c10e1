"""The runner of `make test`, on a Makefile of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAKEFILE = """
REPORT = mkdir -p build/reports && cp
good:
	$(REPORT) good.in build/reports/good.xml
bad:
	$(REPORT) bad.in build/reports/bad.xml; exit 1
broken:
	exit 3
silent:
	true
endless:
	sleep 60
"""
GOOD = '<testsuites><testsuite tests="5" failures="0" errors="0" skipped="1"/></testsuites>'
BAD = '<testsuites><testsuite tests="4" failures="1" errors="1" skipped="0"/></testsuites>'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "tools").mkdir()
    runner = (ROOT / "tools" / "run_lanes.py").read_text()
    assert "DEFAULT_LIMIT_S = 180" in runner
    (tmp_path / "tools" / "run_lanes.py").write_text(runner.replace("DEFAULT_LIMIT_S = 180", "DEFAULT_LIMIT_S = 2"))
    (tmp_path / "Makefile").write_text(MAKEFILE)
    (tmp_path / "good.in").write_text(GOOD)
    (tmp_path / "bad.in").write_text(BAD)
    return tmp_path


def run(project: Path, *lanes: str) -> tuple[int, list[str]]:
    done = subprocess.run(
        [sys.executable, project / "tools" / "run_lanes.py", *lanes],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    return done.returncode, done.stdout.splitlines()


def test_good_lanes_add_up(project: Path) -> None:
    code, lines = run(project, "good", "silent", "good")
    assert (code, lines[-1]) == (0, "8 passed, 0 failed, 2 skipped")


def test_a_failing_lane_fails_all_and_hides_none_after_it(project: Path) -> None:
    code, lines = run(project, "bad", "good")
    assert (code, lines[-1]) == (1, "6 passed, 2 failed, 1 skipped")
    assert [line.split()[:3:2] for line in lines[-5:-3]] == [["bad", "failed"], ["good", "passed"]]


def test_a_lane_that_breaks_without_a_test_is_a_failure(project: Path) -> None:
    assert run(project, "good", "broken")[0] == 1
    assert run(project, "good", "broken")[1][-1] == "4 passed, 1 failed, 1 skipped"


def test_no_test_at_all_is_no_success(project: Path) -> None:
    code, lines = run(project, "silent")
    assert (code, lines[-1]) == (1, "0 passed, 0 failed")


def test_a_lane_over_its_limit_is_ended_and_named(project: Path) -> None:
    code, lines = run(project, "endless", "good")
    assert (code, lines[-1]) == (1, "4 passed, 1 failed, 1 skipped")
    assert any(line.startswith("endless") and "over 2 s" in line for line in lines)
