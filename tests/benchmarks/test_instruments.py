"""The benchmarks' own instruments measure what they say."""

import hashlib
import http.server
import os
import threading
import time
from collections.abc import Iterator

import pytest
from bench import load, plot, report
from bench.figures import Curve, Figure
from bench.measure import memory_mb, spending


class Answerer(http.server.BaseHTTPRequestHandler):
    """Says 200 with a body to /good, 404 without one to anything else."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = b"x" * 1000 if self.path == "/good" else b""
        self.send_response(200 if body else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answerer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def test_a_load_sends_as_often_as_planned_and_counts_statuses(port: int) -> None:
    requests = [load.request("GET", path, {}) for path in ("/good", "/bad")]
    result = load.send(load.Plan(port=port, requests=requests, count=41, connections=3))
    assert result.statuses == {200: 21, 404: 20}
    assert result.count == 41
    assert result.received > 21 * 1000
    assert 0 < result.p50_ms <= result.p95_ms <= result.p99_ms
    with pytest.raises(RuntimeError, match="Expected 41 answers of status 200"):
        result.expect(200, 41)


def test_a_load_ends_when_its_time_is_over(port: int) -> None:
    plan = load.Plan(port=port, requests=[load.request("GET", "/good", {})], count=10_000_000, seconds=0.3)
    assert 0 < load.send(plan).count < 10_000_000


def test_cpu_seconds_are_those_of_all_threads_and_not_of_waiting() -> None:
    with spending([os.getpid()]) as busy:
        thread = threading.Thread(target=hashlib.pbkdf2_hmac, args=("sha256", b"a", b"b", 400_000))
        thread.start()
        thread.join()
    with spending([os.getpid()]) as idle:
        time.sleep(0.05)
    assert busy.cpu_s > 5 * idle.cpu_s
    assert idle.wall_s >= 0.05


def test_memory_is_that_of_the_process() -> None:
    before = memory_mb(os.getpid()).rss
    held = bytearray(b"x") * (64 << 20)
    assert memory_mb(os.getpid()).rss > before + 50
    assert held


def test_the_table_says_what_was_reached_and_what_was_not() -> None:
    figures = [
        Figure(name="quick", value=12.0, unit="a second", target=10),
        Figure(name="slow", value=12.0, unit="ms", target=10, better="less", beside={"worst": 13}),
        Figure(name="free", value=1.0, unit="MB"),
    ]
    cases = [
        report.CaseResult(name="one", seconds=1.0, figures=figures),
        report.CaseResult(name="two", seconds=1.0, failed="No root."),
    ]
    table = report.markdown(report.report_of(cases, [1.0, 2.0]))
    assert "| quick | 12.0 a second | ≥ 10 | yes |  |" in table
    assert "| slow | 12.0 ms | ≤ 10 | **no** | worst 13 |" in table
    assert "| free | 1.00 MB |  |  |  |" in table
    assert "- two: No root." in table


def test_the_plot_is_a_picture(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("plot") / "curves.png"
    plot.draw([Curve(name="name asc", points=[(1000, 10.0), (100_000, 11.0)])], path)
    assert path.read_bytes().startswith(b"\x89PNG")
