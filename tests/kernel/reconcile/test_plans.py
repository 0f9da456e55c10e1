"""Control's side: revisions, tombstones with generations, what reports change, and whom a change wakes."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import msgspec
import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, select
from tests.kernel.databases import database, mariadb_server, mariadb_url, opened, postgresql_server, postgresql_url
from tests.kernel.reconcile.shelf import CLOUD, HOST, KIND, Jar

from haneul.kernel.bus import BusError, Wake
from haneul.kernel.db import Db, Store
from haneul.kernel.reconcile import Observation, Report, plans
from haneul.kernel.reconcile.models import owners, plan_revisions, tombstones
from haneul.kernel.reconcile.plans import (
    AnotherCloudsDatabase,
    PlanDesk,
    PlanSource,
    bury,
    claim,
    is_buried,
    stopped_plans,
    touch,
)
from haneul.kernel.reconcile.values import PlanAsk, PlanReply, Tombstone

__all__ = ["database", "mariadb_server", "mariadb_url", "postgresql_server", "postgresql_url"]

jars = Table(
    "test_jars",
    MetaData(),
    Column("id", String(64), primary_key=True),
    Column("generation", Integer, nullable=False),
    Column("heard", Integer, nullable=False),
)
WANTED = select(jars.c.id, jars.c.generation)


def wanted(db: Db, host: str, ids: Sequence[str]) -> list[Jar]:
    found = [Jar(row.id, row.generation, "honey") for row in db.tuples(WANTED)]
    return [jar for jar in found if host == HOST and (not ids or jar.id in ids)]


def heard(db: Db, report: Report) -> None:
    for seen in report.observations:
        db.update(jars, {"id": seen.id}, heard=seen.generation)


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    with opened(database, tombstones, plan_revisions, owners, jars) as store:
        store.write(lambda db: claim(db, CLOUD))
        yield store


@pytest.fixture
def desk(store: Store) -> PlanDesk:
    return PlanDesk(store, [PlanSource(KIND, wanted, heard)])


def want(db: Db, jar_id: str, generation: int) -> None:
    db.run(jars.insert(), id=jar_id, generation=generation, heard=0)
    touch(db, HOST, KIND, (jar_id,))


def entries(reply: PlanReply) -> list[str]:
    return sorted(msgspec.msgpack.decode(raw, type=Jar).id for raw in reply.entries)


def test_a_plan_holds_what_is_wanted_and_counts_every_change(store: Store, desk: PlanDesk) -> None:
    empty = desk.plan(PlanAsk(HOST, KIND))
    assert (empty.cloud_id, empty.revision, entries(empty)) == (CLOUD, 0, [])
    for revision, jar_id in enumerate("abc", start=1):
        store.write(partial(want, jar_id=jar_id, generation=1))
        assert desk.plan(PlanAsk(HOST, KIND)).revision == revision
    assert entries(desk.plan(PlanAsk(HOST, KIND))) == ["a", "b", "c"]
    assert entries(desk.plan(PlanAsk(HOST, KIND, ("b",)))) == ["b"]
    assert entries(desk.plan(PlanAsk("elsewhere", KIND))) == []


def test_what_is_not_committed_is_not_counted(store: Store, desk: PlanDesk) -> None:
    def fail(db: Db) -> None:
        want(db, "a", 1)
        raise ValueError

    with pytest.raises(ValueError, match=r"^$"):
        store.write(fail)
    assert desk.plan(PlanAsk(HOST, KIND)).revision == 0


def test_first_changes_at_the_same_moment_are_all_counted(store: Store, desk: PlanDesk) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda index: store.write(lambda db: want(db, f"jar-{index}", 1)), range(16)))
    assert desk.plan(PlanAsk(HOST, KIND)).revision == 16


def test_a_tombstone_stands_until_its_host_has_honoured_it(store: Store, desk: PlanDesk) -> None:
    store.write(lambda db: bury(db, HOST, KIND, Tombstone("a", 4)))
    store.write(lambda db: bury(db, HOST, KIND, Tombstone("a", 5)))
    assert desk.plan(PlanAsk(HOST, KIND)).tombstones == [Tombstone("a", 5)]
    assert desk.plan(PlanAsk(HOST, KIND, ("b",))).tombstones == []
    desk.report(Report("elsewhere", KIND, gone=["a"]))
    assert store.read(lambda db: is_buried(db, KIND, "a"))
    desk.report(Report(HOST, KIND, gone=["a"]))
    assert not store.read(lambda db: is_buried(db, KIND, "a"))


def test_a_tombstone_that_is_newer_than_the_one_honoured_stands(store: Store, desk: PlanDesk) -> None:
    store.write(lambda db: bury(db, HOST, KIND, Tombstone("a", 4)))
    # While the host removed it, it was wanted again, and then no longer.
    store.write(lambda db: bury(db, HOST, KIND, Tombstone("a", 6)))
    desk.report(Report(HOST, KIND, gone=["a"], gone_at={"a": 4}))
    assert desk.plan(PlanAsk(HOST, KIND)).tombstones == [Tombstone("a", 6)]
    desk.report(Report(HOST, KIND, gone=["a"], gone_at={"a": 6}))
    assert desk.plan(PlanAsk(HOST, KIND)).tombstones == []


def test_reports_are_heard_by_who_plans(store: Store, desk: PlanDesk) -> None:
    store.write(lambda db: want(db, "a", 3))
    desk.report(Report(HOST, KIND, [Observation("a", 3, "honey"), Observation("unknown", 9, "rice")]))
    assert store.read(lambda db: db.value(select(jars.c.heard))) == 3


def test_a_refused_plan_is_remembered_until_a_whole_pass_goes_well(store: Store, desk: PlanDesk) -> None:
    store.write(lambda db: touch(db, HOST, KIND, ()))
    desk.report(Report(HOST, KIND, stopped="It is of another cloud.", is_full=True))
    desk.report(Report(HOST, KIND, [Observation("a", 1, "honey")]))
    assert [row.stopped for row in store.read(stopped_plans)] == ["It is of another cloud."]
    desk.report(Report(HOST, KIND, is_full=True))
    assert store.read(stopped_plans) == []


def test_a_refusal_is_remembered_by_a_database_that_never_knew_the_host(store: Store, desk: PlanDesk) -> None:
    desk.report(Report("stranger", KIND, stopped="It is an empty one.", is_full=True))
    assert [(row.host, row.stopped) for row in store.read(stopped_plans)] == [("stranger", "It is an empty one.")]


def test_a_database_is_one_clouds_for_good(store: Store, desk: PlanDesk) -> None:
    store.write(lambda db: claim(db, CLOUD))
    with pytest.raises(AnotherCloudsDatabase, match=f"belongs to cloud {CLOUD}, and this is cloud red"):
        store.write(lambda db: claim(db, "red"))
    assert desk.plan(PlanAsk(HOST, KIND)).cloud_id == CLOUD


def test_a_kind_that_no_service_plans_is_refused(desk: PlanDesk) -> None:
    with pytest.raises(BusError, match="No service plans things of kind boat"):
        desk.plan(PlanAsk(HOST, "boat"))


def test_a_change_wakes_its_host_once_it_is_durable(
    store: Store, desk: PlanDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    woken: list[tuple[str, tuple[str, ...], int]] = []

    def note(host: str, wake: Wake) -> None:
        woken.append((host, wake.ids, store.read(lambda db: len(wanted(db, host, wake.ids)))))

    monkeypatch.setattr(plans, "_wake", note)
    store.write(lambda db: want(db, "a", 1))
    assert woken == [(HOST, ("a",), 1)]
