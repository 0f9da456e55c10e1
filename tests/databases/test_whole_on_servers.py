"""`haneul up` on a database server and RabbitMQ: the whole path of a server, and the work shared by two controls."""

from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine, text
from tests.servers.fixtures import (
    mariadb_server,
    mariadb_url,
    postgresql_server,
    postgresql_url,
    rabbitmq_server,
)
from tests.servers.rabbitmq import RabbitMQ
from tests.support.second_control import SecondControl, second_control
from tests.support.tree import Tree, tree_in_tmp

__all__ = ["mariadb_server", "mariadb_url", "postgresql_server", "postgresql_url", "rabbitmq_server"]

pytestmark = pytest.mark.databases


@pytest.fixture(scope="module", params=["mariadb", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """A database's URL as a user writes it."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    kind, _, rest = url.partition("://")
    return f"{kind.partition('+')[0]}://{rest.partition('?')[0]}"


@pytest.fixture(scope="module")
def tree(database: str, rabbitmq_server: RabbitMQ) -> Iterator[Tree]:
    with tree_in_tmp("--simulate", "--db", database, "--bus", rabbitmq_server.url) as running:
        running.up()
        yield running


@pytest.fixture
def second(tree: Tree) -> Iterator[SecondControl]:
    with second_control(tree) as control:
        yield control


def test_a_server_lives_its_whole_life(tree: Tree) -> None:
    assert not (tree.state / "control" / "haneul.db").exists()
    assert not (tree.state / "run" / "bus.sock").exists()
    server_id = tree.active("whole")
    assert "login:" in tree.console(server_id)
    tree.act(server_id, **{"os-stop": None})
    tree.becomes(server_id, "SHUTOFF")
    tree.act(server_id, **{"os-start": None})
    tree.becomes(server_id, "ACTIVE")
    tree.act(server_id, reboot={"type": "SOFT"})
    tree.becomes(server_id, "ACTIVE")
    tree.delete(server_id)
    assert tree.audit() == []


def test_a_cloud_that_was_down_goes_on(tree: Tree) -> None:
    server_id = tree.active("whole")
    tree.down()
    tree.up()
    assert tree.show(server_id)["status"] == "ACTIVE"
    assert "login:" in tree.console(server_id)
    tree.delete(server_id)
    assert tree.audit() == []


def test_two_controls_share_the_work(tree: Tree, second: SecondControl, database: str) -> None:
    both = (tree, second.tree)
    asked = [both[number % 2].create(f"shared-{number}") for number in range(10)]
    for number, server_id in enumerate(asked):
        both[(number + 1) % 2].becomes(server_id, "ACTIVE")
    assert len(owners(database, asked)) == 2
    for number, server_id in enumerate(asked):
        both[number % 2].delete(server_id)


def test_what_a_control_was_doing_when_it_died_the_other_finishes(tree: Tree, second: SecondControl) -> None:
    second.tree.stop_file.write_text("operation:server-create:want it running")
    orphan = second.tree.create("orphan")
    second.wait_for_death()
    others = [tree.active(f"meanwhile-{number}") for number in range(2)]
    tree.becomes(orphan, "ACTIVE")
    tree.delete(orphan, *others)
    assert tree.servers() == []
    assert tree.audit() == []


def owners(database: str, server_ids: list[str]) -> set[str]:
    """Which processes did the work on these servers."""
    engine = create_engine(database.replace("mysql:", "mysql+mysqldb:").replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as connection:
        found = connection.execute(text("SELECT resource_id, lease_owner FROM operations")).all()
    engine.dispose()
    return {owner for server_id, owner in found if server_id in server_ids}
