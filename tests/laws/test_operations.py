"""Every operation repeats each step without harm, and unwinds from each step without a trace.

The operations are the services' own, in a whole cloud with a simulated host; only each step is done twice, or one of
them is made to fail.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import func, select
from tests.laws.found import SERVICES
from tests.laws.scenarios import SCENARIOS, small_flavor
from tests.support.cloud import Client, RunningCloud, running_cloud
from tests.support.hosts import eventually, simulated_host

from haneul.agent import Agent
from haneul.kernel.db import metadata
from haneul.kernel.errors import Conflict
from haneul.kernel.operations import Operation, Step, Work, of_resource
from haneul.kernel.operations.engine import Engine
from haneul.kernel.operations.models import UNFINISHED, OperationRow

OPERATIONS = [operation for service in SERVICES for operation in service.operations]
STEPS = [(operation, index) for operation in OPERATIONS for index in range(len(operation.steps))]
# Every try leaves its own record of these.
RECORDS = {"operations", "outbox", "block_storage_messages"}
IMAGES = {
    "stores": {"file": {}, "web": {"driver": "http"}},
    "fetch": {"networks": ["127.0.0.0/8"], "ports": []},
    "import_methods": ["glance-download"],
    "plugins": {"enabled": ["image_decompression", "image_conversion"], "output_format": "qcow2"},
}
ON_PURPOSE = "It fails on purpose."

each_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)


class Stage:
    """A cloud with one host, whose operations a test may replace for a while."""

    def __init__(self, running: RunningCloud, agent: Agent) -> None:
        self.store, self.agent = running.cloud.store, agent
        self.nova: Client = running.login().with_headers(OpenStack_API_Version="compute 2.100")
        running.cloud.engine.stop()
        with self.working():
            small_flavor(self.nova)
        self._plain: dict[str, Counter[str]] = {}
        # What the first of all makes once for all later ones: the image, guard rows, the host's count of plans.
        for operation in OPERATIONS:
            if operation.name in ("server-create", "snapshot-create"):
                self.tried(operation)

    @contextmanager
    def working(self, *instead: type[Operation]) -> Iterator[None]:
        """An engine runs, with these in place of those of the same names."""
        engine = Engine(self.store, [*OPERATIONS, *instead])
        engine.start()
        try:
            yield
        finally:
            engine.stop()

    def tried(self, operation: type[Operation], *, instead: type[Operation] | None = None) -> Counter[str]:
        """Bring the operation about and take all away again; how many rows of each table are left of it."""
        scenario, before = SCENARIOS[operation.name], self.counts()
        with self.working():
            prepared = scenario.prepare(self.nova)
        with self.working(*([instead] if instead else [])):
            thing_id = scenario.begin(self.nova, prepared)
            row = self.ended(thing_id, operation)
        assert row.state == ("failed" if instead is not None and instead.steps[-1].name == "never" else "done"), (
            row.error
        )
        self.check_journal(row)
        with self.working():
            scenario.take_away(self.nova, thing_id)
            eventually(lambda: self.is_forgotten(thing_id))
        found = self.counts()
        found.subtract(before)
        return Counter({name: number for name, number in found.items() if number and name not in RECORDS})

    def plain(self, operation: type[Operation]) -> Counter[str]:
        """What is left of the operation as it is."""
        if operation.name not in self._plain:
            self._plain[operation.name] = self.tried(operation)
        return self._plain[operation.name]

    def counts(self) -> Counter[str]:
        """The rows of every table."""
        tables = metadata.sorted_tables
        return self.store.read(
            lambda db: Counter({table.name: db.value(select(func.count()).select_from(table)) for table in tables})
        )

    def ended(self, thing_id: str, operation: type[Operation]) -> OperationRow:
        """The newest operation of that name on the thing, once nothing more is done to it."""

        def look() -> OperationRow | None:
            rows = self.store.read(lambda db: of_resource(db, thing_id))
            return rows[0] if rows and all(row.state not in UNFINISHED for row in rows) else None

        row = eventually(look)
        assert isinstance(row, OperationRow)
        assert row.name == operation.name
        return row

    def check_journal(self, row: OperationRow) -> None:
        """What failed undid the broken step and all before it, last first."""
        if row.state == "failed":
            undone = [(entry["undone"], entry["index"]) for entry in row.journal if "undone" in entry]
            assert len(undone) == len(row.journal)
            assert [index for _, index in sorted(undone)] == sorted((index for _, index in undone), reverse=True)

    def is_forgotten(self, thing_id: str) -> bool:
        """Neither the API nor a plan nor the host knows it any more, and nothing works on it."""
        rows = self.store.read(lambda db: of_resource(db, thing_id))
        shown = self.nova.get("compute", f"/v2.1/servers/{thing_id}").status_code
        counts = self.counts()
        return (
            shown == 404
            and all(row.state not in UNFINISHED for row in rows)
            and not counts["tombstones"]
            and not counts["placement_allocations"]
            and not counts["image_deletions"]
            and not counts["image_transfers"]
        )


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with running_cloud(image=IMAGES) as running, simulated_host(running) as agent:
        yield Stage(running, agent)


def doubled(function: Callable[[Work], None]) -> Callable[[Work], None]:
    def twice(work: Work) -> None:
        function(work)
        function(work)

    return twice


def repeating(operation: type[Operation]) -> type[Operation]:
    """The operation with each step done twice."""
    steps = tuple(Step(step.name, doubled(step.do), step.undo, step.deadline_s) for step in operation.steps)
    return type("Repeating", (operation,), {"steps": steps})


def failing(operation: type[Operation], at: int) -> type[Operation]:
    """The operation with a step that does its work and fails, and each undo done twice."""

    def fail(work: Work) -> None:
        operation.steps[at].do(work)
        raise Conflict(ON_PURPOSE)

    steps = [
        Step(step.name, fail if index == at else step.do, doubled(step.undo) if step.undo else None, step.deadline_s)
        for index, step in enumerate(operation.steps)
    ]
    return type("Failing", (operation,), {"steps": (*steps, Step("never", fail))})


def test_every_operation_has_a_scenario() -> None:
    assert {operation.name for operation in OPERATIONS} == set(SCENARIOS)


def test_no_two_operations_share_a_name_and_no_two_steps_of_one() -> None:
    assert len({operation.name for operation in OPERATIONS}) == len(OPERATIONS)
    for operation in OPERATIONS:
        assert len({step.name for step in operation.steps}) == len(operation.steps)
        assert operation.steps


@each_operation
def test_each_step_done_twice_is_as_done_once(stage: Stage, operation: type[Operation]) -> None:
    assert stage.tried(operation, instead=repeating(operation)) == stage.plain(operation)


@pytest.mark.parametrize(("operation", "at"), STEPS, ids=lambda it: getattr(it, "name", str(it)))
def test_a_failure_at_any_step_leaves_no_trace(stage: Stage, operation: type[Operation], at: int) -> None:
    left = stage.tried(operation, instead=failing(operation, at))
    assert not left - stage.plain(operation), "More is left of it than of one that ended well."
