"""Control dies in the middle of an import: the next one finishes it, and nothing is left but the image."""

import gzip
import os
import signal
from collections.abc import Iterator

import pytest
from tests.services.image.web import Web, web_server
from tests.support.hosts import eventually
from tests.support.tree import PATIENCE_S, Tree, tree_in_tmp

GLANCE = 9292
DISK = bytes(range(256)) * 4096
SETTINGS = """
[image.fetch]
networks = ["127.0.0.0/8"]
ports = []
[image.plugins]
enabled = ["image_decompression", "image_conversion"]
output_format = "qcow2"
"""
# The law of operations looks at the places between the steps; these are in the middle of bytes.
PLACES_TO_DIE = ("transfer:fetch:kept", "transfer:image_conversion:kept", "transfer:store:kept")


@pytest.fixture(scope="module")
def tree() -> Iterator[Tree]:
    """A simulated cloud that reads the loopback's web servers."""
    with tree_in_tmp("--simulate") as running:
        config = running.state.parent / "haneul.toml"
        config.write_text(SETTINGS)
        running.up("--config", str(config))
        yield running


@pytest.fixture
def web() -> Iterator[Web]:
    with web_server() as server:
        yield server


def begun(tree: Tree, uri: str) -> str:
    """An image whose import from the URL has begun; its id."""
    body = {"disk_format": "raw", "container_format": "bare"}
    image_id = str(tree.call("POST", GLANCE, "/v2/images", body).json()["id"])
    method = {"method": {"name": "web-download", "uri": uri}}
    answer = tree.call("POST", GLANCE, f"/v2/images/{image_id}/import", method)
    assert answer.status_code in (202, 409), answer.text
    return image_id


def see_ended(tree: Tree, image_id: str, status: str) -> None:
    """Wait until nothing works on the image: it has the status, and no other file is left but its own."""

    def look() -> bool:
        image = tree.call("GET", GLANCE, f"/v2/images/{image_id}").json()
        return "os_glance_import_task" not in image and image["status"] == status

    eventually(look, PATIENCE_S)
    wanted = ["file"] if status == "active" else []
    eventually(lambda: stores_of(tree, image_id) == wanted, PATIENCE_S)
    assert tree.audit() == []


def stores_of(tree: Tree, image_id: str) -> list[str]:
    """The stores that have a file of the image, whole or not."""
    found = (tree.state / "control" / "images").glob(f"*/{image_id}.*")
    return [path.parent.name for path in found]


@pytest.mark.parametrize("place", PLACES_TO_DIE)
def test_control_that_dies_there_finishes_the_import_later(tree: Tree, web: Web, place: str) -> None:
    uri = web.put("/disk.gz", gzip.compress(DISK))
    tree.stop_file.write_text(place)
    image_id = begun(tree, uri)
    eventually(lambda: not tree.stop_file.exists(), PATIENCE_S)
    see_ended(tree, image_id, "active")
    image = tree.call("GET", GLANCE, f"/v2/images/{image_id}").json()
    assert (image["disk_format"], image["virtual_size"]) == ("qcow2", len(DISK))


@pytest.mark.parametrize("is_there", [True, False])
def test_control_that_dies_while_it_fetches_asks_again(tree: Tree, web: Web, is_there: bool) -> None:
    image_id = begun(tree, web.put("/disk.gz", gzip.compress(os.urandom(1 << 20) + DISK), held=True))
    assert web.holds.wait(PATIENCE_S)
    if not is_there:
        del web.files["/disk.gz"]
    web.held.clear()
    os.kill(tree.pids()["control"], signal.SIGKILL)
    see_ended(tree, image_id, "active" if is_there else "queued")
