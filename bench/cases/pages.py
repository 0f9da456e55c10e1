"""A page from the middle of many rows against one of few, by every sort key, and what a page costs as rows grow."""

import sqlite3
import statistics
from contextlib import ExitStack

from bench.case import Bench, Case
from bench.cloud import BenchCloud, running_cloud
from bench.figures import Curve, Figure, Outcome
from bench.fill import fill_servers
from bench.load import Plan, send
from bench.measure import spending
from haneul.services.compute.servers.queries import LISTING

GROWTH = (1000, 3000, 10_000, 30_000, 100_000)
FEW, MANY, PAGE = GROWTH[0], GROWTH[-1], 1000
PAGES = 10
ROUNDS = 3
RATIO = 1.5


def sort_keys() -> list[str]:
    """One name for each column that servers are sorted by."""
    return sorted({column.name: name for name, column in reversed(LISTING.sorts.items())}.values())


def run(_bench: Bench) -> Outcome:
    """A cloud for each number of rows, all at once, and their pages asked for in turn: all meet the same machine."""
    with ExitStack() as stack:
        clouds = {rows: stack.enter_context(running_cloud("--simulate", "--bare")) for rows in GROWTH}
        for rows, cloud in clouds.items():
            fill_servers(cloud, cloud.project_id, rows)
        outcome = Outcome(figures=[])
        for key in sort_keys():
            for direction in ("asc", "desc"):
                costs = _costs(clouds, key, direction)
                outcome.figures.append(_ratio(key, direction, costs))
                outcome.curves.append(Curve(name=f"{key} {direction}", points=sorted(costs.items())))
        return outcome


def _ratio(key: str, direction: str, costs: dict[int, float]) -> Figure:
    return Figure(
        name=f"page of 1000 from the middle of 100,000 by {key} {direction}",
        value=costs[MANY] / costs[FEW],
        unit="times a page of 1000 rows",
        target=RATIO,
        better="less",
        beside={f"ms of {rows}": round(cost, 2) for rows, cost in costs.items()},
    )


def _costs(clouds: dict[int, BenchCloud], key: str, direction: str) -> dict[int, float]:
    """Milliseconds of CPU a page, the median of rounds in which each cloud has its turn."""
    plans = {rows: _plan(cloud, rows, key, direction) for rows, cloud in clouds.items()}
    costs: dict[int, list[float]] = {rows: [] for rows in clouds}
    for _ in range(ROUNDS):
        for rows, cloud in clouds.items():
            with spending(cloud.pids) as spent:
                send(plans[rows]).expect(200, PAGES)
            costs[rows].append(spent.cpu_s * 1000 / PAGES)
    return {rows: statistics.median(found) for rows, found in costs.items()}


def _plan(cloud: BenchCloud, rows: int, key: str, direction: str) -> Plan:
    """Requests for the page in the middle; of a thousand rows there is one page, and that is it."""
    path = f"/v2.1/servers?sort_key={key}&sort_dir={direction}&limit={PAGE}"
    if rows > PAGE:
        path += f"&marker={_middle(cloud, rows, key, direction)}"
    found = cloud.ask("GET", "compute", path).json()["servers"]
    if len(found) != PAGE:
        raise RuntimeError(f"Expected a page of {PAGE} of {rows} servers by {key} {direction}, got {len(found)}.")
    return Plan(port=cloud.port("compute"), requests=[cloud.prepared("GET", path)], count=PAGES, connections=1)


def _middle(cloud: BenchCloud, rows: int, key: str, direction: str) -> str:
    """The id of the row before the middle page, in the list's own order."""
    column = LISTING.sorts[key].name
    order = f"{column} {direction}" + ("" if column == "id" else f", id {direction}")
    with sqlite3.connect(f"file:{cloud.database}?mode=ro", uri=True) as connection:
        statement = f"SELECT id FROM compute_servers WHERE project_id = ? ORDER BY {order} LIMIT 1 OFFSET ?"
        (found,) = connection.execute(statement, (cloud.project_id, (rows - PAGE) // 2 - 1)).fetchone()
    connection.close()
    return str(found)


CASES = (Case(name="pages", says="Pages of 1000 of 100,000 servers against 1000, by every sort key.", run=run),)
