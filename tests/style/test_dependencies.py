"""No library comes in unrecorded, and none is recorded that went."""

import re
import tomllib

from tests.style.tree import ROOT


def test_every_dependency_has_its_line_in_the_record() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {
        re.split(r"[^\w.-]", line)[0] for line in project["dependencies"] + project["optional-dependencies"]["dev"]
    }
    record = (ROOT / "docs" / "adr" / "0001-dependencies.md").read_text()
    assert set(re.findall(r"^\| ([\w.-]+) \| [\d.]+ \|", record, flags=re.MULTILINE)) == wanted


def test_every_locked_package_has_hashes_and_names_no_registry() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    packages = re.findall(r"^([\w.-]+)==\S+( \\\n    --hash=sha256:[0-9a-f]{64})?", lock, flags=re.MULTILINE)
    assert packages
    assert [name for name, hashed in packages if not hashed] == []
    assert "://" not in lock
