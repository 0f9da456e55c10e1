"""What of a path decides where it goes."""

from pathlib import Path

import msgspec
import pytest
from tests.kernel.http.tiny import ADMIN, RULE, OneToken, Wire, served, service

from haneul.kernel.db import Store
from haneul.kernel.http.app import Mount
from haneul.kernel.http.manners import Manners
from haneul.kernel.http.serve import Edge
from haneul.kernel.policy import Policy

PROJECT = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def mount(tmp_path: Path) -> Mount:
    """The notes with a former base and exact paths."""
    mounted = msgspec.structs.replace(
        service(1), project_base="/v1", former_base="/v0", manners=Manners(exact_paths=True)
    )
    store = Store(f"sqlite:///{tmp_path / 'notes.db'}")
    policy = Policy([RULE, ADMIN], {})
    return Mount(Edge(service=mounted, store=store, policy=policy, checker=OneToken(), auth_url=""))


@pytest.mark.parametrize(
    ("path", "routed", "is_former"),
    [
        ("/v1/notes", "/v1/notes", False),
        (f"/v1/{PROJECT}/notes", "/v1/notes", False),
        (f"/v0/{PROJECT}/notes", "/v1/notes", True),
        ("/v0/notes/", "/v1/notes/", True),
        ("/v0/", "/v0", False),
        ("/v0", "/v0", False),
        ("/v1/", "/v1", False),
        ("/v1/notes/", "/v1/notes/", False),
        ("/", "/", False),
    ],
)
def test_projects_and_former_bases_go_and_slashes_stay(mount: Mount, path: str, routed: str, is_former: bool) -> None:
    assert mount.routed(path) == (routed, PROJECT if PROJECT in path else "")
    assert mount.is_former(path) == is_former


def test_an_empty_part_of_a_path_names_nothing(tmp_path: Path) -> None:
    with served(tmp_path) as port:
        wire = Wire(port)
        assert [wire.ask(f"GET {path}").status for path in ("/v1/notes", "/v1/notes/", "/v1/notes//file")] == [
            200,
            200,
            404,
        ]
        wire.close()
