"""`haneul metadefs` and `glance-manage`: definitions of metadata into a cloud that does not run, and out of it."""

import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.cli.commands import CommandedCloud, Said, cloud_to_command
from tests.cli.in_process import run_here

from haneul.cli.glance_manage import main as glance_manage
from haneul.cli.main import main as haneul


@pytest.fixture(scope="module")
def cloud() -> Iterator[CommandedCloud]:
    """A cloud with a database, which does not run."""
    with cloud_to_command() as made:
        assert manage(made, "db_sync").code == 0
        yield made


@pytest.fixture
def empty(cloud: CommandedCloud) -> CommandedCloud:
    assert manage(cloud, "db_unload_metadefs").code == 0
    return cloud


def manage(cloud: CommandedCloud, line: str) -> Said:
    return run_here(glance_manage, shlex.split(line), HANEUL_STATE=str(cloud.state))


def metadefs(cloud: CommandedCloud, line: str) -> Any:
    """What the command says, of a line that succeeds."""
    said = run_here(haneul, ["metadefs", *shlex.split(line), "--json"], HANEUL_STATE=str(cloud.state))
    assert said.code == 0, said
    return said.json


def exported(cloud: CommandedCloud, folder: Path) -> dict[str, dict[str, Any]]:
    """The namespaces as files say them, by name."""
    metadefs(cloud, f"export {folder}")
    found = [json.loads(path.read_bytes()) for path in folder.iterdir()]
    return {one["namespace"]: one for one in found}


def written(folder: Path, **fields: Any) -> Path:
    path = folder / "garden.json"
    path.write_text(json.dumps({"namespace": "Garden", "display_name": "Garden", **fields}))
    return path


def test_the_standard_catalog_is_loaded_once_exported_and_loaded_again(empty: CommandedCloud, tmp_path: Path) -> None:
    assert metadefs(empty, "load") == {"made": 33, "changed": 0, "left": 0}
    assert metadefs(empty, "load") == {"made": 0, "changed": 0, "left": 33}
    before = exported(empty, tmp_path / "first")
    assert {"os-compute-quota.json", "os-glance-signatures.json"} <= {
        one.name for one in (tmp_path / "first").iterdir()
    }
    assert metadefs(empty, "unload") == {"deleted": 33}
    assert exported(empty, tmp_path / "none") == {}
    assert metadefs(empty, f"load {tmp_path / 'first'}") == {"made": 33, "changed": 0, "left": 0}
    assert exported(empty, tmp_path / "second") == before


def test_what_is_there_is_left_added_to_written_over_or_replaced(empty: CommandedCloud, tmp_path: Path) -> None:
    colour, size = {"type": "string", "title": "Colour"}, {"type": "integer", "title": "Size"}
    kinds = [{"name": "OS::Nova::Flavor", "prefix": "a:"}]
    first = {"properties": {"colour": colour}, "tags": [{"name": "a"}], "resource_type_associations": kinds}
    assert metadefs(empty, f"load {written(tmp_path, **first, objects=[{'name': 'Bed'}])}")["made"] == 1
    new = written(
        tmp_path,
        description="New",
        properties={"colour": {**colour, "title": "New"}, "size": size},
        objects=[{"name": "Bed", "required": ["size"]}, {"name": "Pot"}],
        tags=[{"name": "A"}, {"name": "b"}],
        resource_type_associations=[{"name": "OS::Nova::Flavor"}, {"name": "OS::Nova::Server"}],
    )

    def told(words: str, outcome: str) -> dict[str, Any]:
        assert metadefs(empty, f"load {new} {words}")[outcome] == 1
        return exported(empty, tmp_path / f"out{words.replace(' ', '')}")["Garden"]

    def names(kind: str, of: dict[str, Any]) -> list[str]:
        return [one["name"] for one in of[kind]]

    left = told("", "left")
    assert (names("objects", left), list(left["properties"])) == (["Bed"], ["colour"])
    added = told("--merge", "changed")
    assert (names("objects", added), names("tags", added)) == (["Bed", "Pot"], ["a", "b"])
    assert added["properties"] == {"colour": colour, "size": size}
    assert "description" not in added
    assert added["resource_type_associations"] == [*kinds, {"name": "OS::Nova::Server"}]
    renewed = told("--merge --prefer-new", "changed")
    assert (renewed["properties"]["colour"]["title"], renewed["description"]) == ("New", "New")
    assert renewed["objects"][0]["required"] == ["size"]
    assert renewed["resource_type_associations"][0] == {"name": "OS::Nova::Flavor"}
    metadefs(empty, f"load {written(tmp_path)} --merge --overwrite")
    assert exported(empty, tmp_path / "replaced")["Garden"]["objects"] == []


def test_glance_manage_has_both_spellings(empty: CommandedCloud, tmp_path: Path) -> None:
    assert "made: 33, changed: 0" in manage(empty, "db_load_metadefs").out
    assert "left as they are: 33." in manage(empty, "--config-file /etc/glance/glance-api.conf db load_metadefs").out
    assert "Namespaces that were deleted: 33." in manage(empty, "db unload_metadefs").out
    file = written(tmp_path, tags=[{"name": "a"}])
    assert "made: 1" in manage(empty, f"db load_metadefs --path {file}").out
    file = written(tmp_path)
    assert "changed: 1" in manage(empty, f"db_load_metadefs {file} merge '' overwrite").out
    assert manage(empty, f"db_export_metadefs {tmp_path / 'old'}").code == 0
    assert json.loads((tmp_path / "old" / "garden.json").read_text())["tags"] == []
    assert manage(empty, f"db export_metadefs --path {tmp_path / 'new'}").code == 0
    assert (tmp_path / "new" / "garden.json").exists()
    assert manage(empty, "db version").out == manage(empty, "db_version").out != ""


def test_files_as_glance_exports_them_are_read(empty: CommandedCloud, tmp_path: Path) -> None:
    file = written(
        tmp_path,
        description=None,
        owner=None,
        resource_type_associations=[{"name": "a", "prefix": None, "properties_target": None}],
        objects=[{"name": "o", "description": None, "properties": {}}],
    )
    assert metadefs(empty, f"load {file}")["made"] == 1
    found = exported(empty, tmp_path / "out")["Garden"]
    assert (found["owner"], found["visibility"], found["resource_type_associations"]) == (
        "admin",
        "private",
        [{"name": "a"}],
    )


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("{", "It is no JSON"),
        ("[]", "It is no JSON object."),
        ("{}", "'namespace' is a required property"),
        ('{"namespace": "x", "tags": [{"name": "a"}, {"name": "A"}]}', "A metadata tag with name=A already exists"),
    ],
)
def test_a_file_that_makes_no_sense_loads_nothing(
    empty: CommandedCloud, tmp_path: Path, content: str, sentence: str
) -> None:
    written(tmp_path)
    bad = tmp_path / "bad.json"
    bad.write_text(content)
    said = manage(empty, f"db_load_metadefs {tmp_path}")
    assert said.code == 1
    assert f"{bad} can't be used: " in said.err
    assert sentence in said.err
    assert exported(empty, tmp_path / "out") == {}


@pytest.mark.parametrize(
    ("line", "code", "sentence"),
    [
        ("db load_metadefs --prefer_new", 2, "need --merge"),
        ("db load_metadefs --merge --prefer_new --overwrite", 2, "Only one of --prefer-new and --overwrite"),
        ("db_load_metadefs /nowhere", 1, "There are no JSON files at /nowhere."),
        ("db_export_metadefs", 2, "Name the folder"),
        ("db export_metadefs", 2, "Name the folder"),
        ("db purge", 1, "has nothing to do"),
        ("db_purge_images_table", 1, "has nothing to do"),
    ],
)
def test_a_wrong_use_is_refused(cloud: CommandedCloud, line: str, code: int, sentence: str) -> None:
    said = manage(cloud, line)
    assert (said.code, sentence in said.err) == (code, True), said
