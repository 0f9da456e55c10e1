"""A service small enough to see through, served on a real port: notes that anyone signed in may keep."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import msgspec
from sqlalchemy import Column, MetaData, String, Table

from haneul.kernel.auth import Caller
from haneul.kernel.db import Db, Row, Store, by
from haneul.kernel.db.listing import Listing
from haneul.kernel.errors import NotFound, Unauthorized
from haneul.kernel.http import PUBLIC, Call, Listed, Microversions, Raw, Routes, Streamed, Version, listed
from haneul.kernel.http.app import CloudApp, Mount
from haneul.kernel.http.manners import Manners
from haneul.kernel.http.serve import Edge
from haneul.kernel.http.server import server_of
from haneul.kernel.http.unbuilt import Unbuilt
from haneul.kernel.listening import listen
from haneul.kernel.policy import Policy, Rule
from haneul.kernel.schema import Since, StrictBody, View
from haneul.kernel.service import Service

TOKEN = "let-me-in"
RULE = Rule("notes:any", "@", "Do anything with notes.")
ADMIN = Rule("notes:admin", "role:admin", "Do what only administrators do.")
UNBUILT = [
    Unbuilt(method="GET", path="/v1/notes/{id}/pages/{page}"),
    Unbuilt(method="POST", path="/v1/notes/{id}/action", action="shred"),
    Unbuilt(method="PUT", path="/v1/scrolls/{scroll_id}", since="1.5", until="1.7"),
    Unbuilt(method="GET", path="/v1/tablets", status=410),
]


class Note(Row):
    """A note."""

    id: str
    text: str


notes = Table(
    "test_notes", MetaData(), Column("id", String(64), primary_key=True), Column("text", String(255), nullable=False)
)
BY_ID = by(Note, notes, "id")
LISTING = Listing(
    Note, notes, filters={}, sorts={"id": notes.c.id, "text": notes.c.text}, default_sort=(("id", "asc"),)
)


class NoteCreate(StrictBody):
    """A note to be."""

    id: str
    text: Annotated[str, msgspec.Meta(max_length=255)]


class NoteView(View):
    """A note as it is told."""

    id: str
    text: str
    length: Annotated[int, Since("1.5")]


class Rewrite(StrictBody):
    """What a note shall say."""

    text: Annotated[str, msgspec.Meta(max_length=255)]


class Fold(StrictBody):
    """How often."""

    times: Annotated[int, msgspec.Meta(ge=1, le=7)]


routes = Routes()


def view(note: Note) -> NoteView:
    return NoteView(id=note.id, text=note.text, length=len(note.text))


def note_of(db: Db, note_id: str) -> Note:
    found = db.one(BY_ID, id=note_id)
    if found is None:
        raise NotFound("There is no note {id}.", id=note_id)
    return found


@routes.get("/", rule=PUBLIC, quick=True)
def show_version(call: Call) -> dict[str, str]:
    return {"self": call.url("/")}


@routes.get("/v1/notes", rule=RULE, wraps="notes")
def list_notes(call: Call) -> Listed[NoteView]:
    call.enforce()
    page = call.page()
    return listed(page, LISTING.page(call.db, page, {}), view, lambda note: note.id)


@routes.post("/v1/notes", rule=RULE, wraps="note")
def create_note(call: Call, body: NoteCreate) -> NoteView:
    call.enforce()
    return view(call.db.insert(notes, Note(body.id, body.text)))


@routes.get("/v1/notes/{note_id}", rule=RULE, wraps="note", quick=True)
def get_note(call: Call, note_id: str) -> NoteView:
    call.enforce()
    return view(note_of(call.db, note_id))


@routes.patch("/v1/notes/{note_id}", rule=RULE, wraps="note", body_wraps="")
def rewrite_note(call: Call, note_id: str, body: Rewrite) -> NoteView:
    call.enforce()
    note = note_of(call.db, note_id)
    call.refuse_stale(revision=len(note.text), tag=note.text)
    call.db.update(notes, {"id": note_id}, text=body.text)
    return view(note_of(call.db, note_id))


@routes.delete("/v1/notes/{note_id}", rule=ADMIN)
def delete_note(call: Call, note_id: str) -> None:
    call.enforce()
    call.db.delete(notes, id=note_id)


@routes.action("/v1/notes/{note_id}/action", "fold", rule=RULE)
def fold_note(call: Call, note_id: str, body: Fold) -> None:
    call.enforce()
    note_of(call.db, note_id)


@routes.put("/v1/notes/{note_id}/file", rule=RULE, body_limit=0, transaction="none")
async def upload_note(call: Call, note_id: str) -> Raw:
    call.enforce()
    size = 0
    async for part in call.chunks():
        size += len(part)
    return Raw(body=b'{"size":%d}' % size)


@routes.put("/v1/notes/{note_id}/slow-file", rule=RULE, body_limit=0, transaction="none")
async def upload_slowly(call: Call, note_id: str) -> Raw:
    call.enforce()
    await asyncio.sleep(0.5)
    return await upload_note(call, note_id)


@routes.get("/v1/notes/{note_id}/file", rule=RULE, transaction="none")
async def download_note(call: Call, note_id: str) -> Streamed:
    call.enforce()

    async def chunks() -> Any:
        for _ in range(4):
            yield b"paper" * 1000

    return Streamed(chunks=chunks())


@routes.get("/v1/forgotten", rule=RULE)
def forget_to_enforce(call: Call) -> dict[str, str]:
    return {"secret": "told"}


@routes.get("/v1/broken", rule=RULE)
def break_down(call: Call) -> dict[str, str]:
    call.enforce()
    raise ZeroDivisionError("/etc/shadow SELECT password")


class OneToken:
    """Knows one token."""

    def known(self, token: str) -> Caller | None:
        return Caller(user_id="anna", project_id="home", roles=frozenset({"member"})) if token == TOKEN else None

    def look_up(self, db: Db, token: str) -> Caller:
        raise Unauthorized("The request you have made requires authentication.")


def service(port: int) -> Service:
    return Service(
        type="notes",
        name="notes",
        description="Notes",
        port=port,
        path="/notes",
        base_rules={},
        resources=(routes,),
        faults="compute",
        page_links="compute",
        page_most=100,
        manners=Manners(selects_fields=True),
        microversions=Microversions("notes", Version(1, 1), Version(1, 9), legacy_header="X-Notes-API-Version"),
    )


@contextmanager
def served(folder: Path) -> Iterator[int]:
    """The service on a port of its own, and on the next one by path; yields the first."""
    store = Store(f"sqlite:///{folder / 'notes.db'}")
    notes.create(store.engine)
    sockets = listen("127.0.0.1", [0, 0])
    port: int = sockets[0].getsockname()[1]
    notes_service = service(port)
    edge = Edge(
        service=notes_service,
        store=store,
        policy=Policy([RULE, ADMIN], {}),
        checker=OneToken(),
        auth_url="http://keys/v3",
    )
    mount = Mount(edge, UNBUILT)
    app = CloudApp([mount], {port: mount}, public={}, trusted=frozenset({"127.0.0.1"}))
    ready = threading.Event()
    server = server_of(app, ready=ready.set)
    thread = threading.Thread(target=server.run, args=(sockets,), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield port
    finally:
        server.should_exit = True
        thread.join(10)
        store.close()


class Answer:
    """One HTTP answer, as bytes say it."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)


class Wire:
    """A connection that sends just the bytes it is told to."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self._unread = b""

    def send(self, text: str | bytes) -> None:
        self._socket.sendall(text.encode("latin-1") if isinstance(text, str) else text)

    def ask(self, line: str, *headers: str, body: bytes = b"", token: str = TOKEN) -> Answer:
        """Send a request whose length is stated and read its answer."""
        sent = [f"{line} HTTP/1.1", "Host: notes", *([f"X-Auth-Token: {token}"] if token else []), *headers]
        if body:
            sent.append(f"Content-Length: {len(body)}")
        self.send("\r\n".join([*sent, "", ""]).encode("latin-1") + body)
        return self.read(has_body=not line.startswith("HEAD"))

    def read(self, *, has_body: bool = True) -> Answer:
        """The next answer; AssertionError if the connection ends before it."""
        while b"\r\n\r\n" not in self._unread:
            self._more()
        head, _, self._unread = self._unread.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = b""
        if has_body and headers.get("transfer-encoding") == "chunked":
            body = self._chunked()
        elif has_body:
            body = self._exactly(int(headers.get("content-length", "0")))
        return Answer(int(first.split()[1]), headers, body)

    def is_closed(self) -> bool:
        """Whether the server has closed; waits until it does."""
        try:
            return self._socket.recv(1) == b""
        except ConnectionResetError:
            return True

    def close(self) -> None:
        self._socket.close()

    def _more(self) -> None:
        part = self._socket.recv(65536)
        assert part, f"the connection ended after {self._unread!r}"
        self._unread += part

    def _exactly(self, length: int) -> bytes:
        while len(self._unread) < length:
            self._more()
        found, self._unread = self._unread[:length], self._unread[length:]
        return found

    def _chunked(self) -> bytes:
        found = b""
        while True:
            while b"\r\n" not in self._unread:
                self._more()
            size, _, self._unread = self._unread.partition(b"\r\n")
            part = self._exactly(int(size, 16) + 2)[:-2]
            if not part:
                return found
            found += part
