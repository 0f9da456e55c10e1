"""A web server on the loopback, for what the cloud fetches."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

OPEN: Mapping[str, Any] = {"networks": ["127.0.0.0/8"], "ports": []}


class Web:
    """What lies at its paths. A path in `held` waits after half of its bytes, as `holds` tells, until `let_go` is set;
    one in `moved` lies elsewhere. `tokens` are those that it was sent; `region` is whose image service it plays.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.moved: dict[str, str] = {}
        self.tokens: list[str] = []
        self.held: set[str] = set()
        self.holds, self.let_go = threading.Event(), threading.Event()
        self.asked: list[str] = []
        self.region = ""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Answer)
        cast(Any, self._server).web = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self._server.server_port}{path}"

    def put(self, path: str, content: bytes, *, held: bool = False) -> str:
        """Have bytes at a path; the URL."""
        self.files[path] = content
        if held:
            self.held.add(path)
        return self.url(path)

    def close(self) -> None:
        self.let_go.set()
        self._server.shutdown()
        self._server.server_close()


class _Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        web: Web = cast(Any, self.server).web
        web.asked.append(self.path)
        web.tokens.append(self.headers.get("X-Auth-Token", ""))
        if self.path in web.moved:
            self.send_response(302)
            self.send_header("Location", web.moved[self.path])
            self.end_headers()
            return
        content = web.files.get(self.path)
        self.send_response(200 if content is not None else 404)
        self.send_header("Content-Length", str(len(content or b"")))
        self.end_headers()
        half = len(content or b"") // 2
        self.wfile.write((content or b"")[:half])
        self.wfile.flush()
        if self.path in web.held:
            web.holds.set()
            web.let_go.wait(30)
        self.wfile.write((content or b"")[half:])

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name http.server gives it
        pass


@contextmanager
def web_server() -> Iterator[Web]:
    web = Web()
    try:
        yield web
    finally:
        web.close()
