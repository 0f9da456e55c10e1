"""The local bus's centre: a Unix socket in the control process that passes frames between peers by name."""

import asyncio
import contextlib
import logging
import os
import socket
import stat
from collections.abc import Sequence

from haneul.kernel.bus import messages
from haneul.kernel.bus.base import PROTOCOL_VERSION, BusError
from haneul.kernel.bus.link import STREAM_LIMIT_BYTES, BadFrameError, Link, LinkClosedError
from haneul.kernel.bus.messages import (
    Answer,
    Call,
    Event,
    Goodbye,
    Hello,
    Message,
    Refusal,
    Roster,
    Subscribe,
    WakeUp,
    Welcome,
)
from haneul.kernel.bus.station import Inbox

log = logging.getLogger(__name__)

GREETING_DEADLINE_S = 5.0
MAX_NAME_CHARACTERS = 255
SOCKET_MODE = 0o660


class HubWire:
    """The hub is a peer too: it answers to its own name and passes everything else on."""

    def __init__(self, path: str, name: str, allowed_uids: frozenset[int], gid: int | None) -> None:
        self.address = name
        self._path = path
        self._allowed_uids = allowed_uids
        self._gid = gid
        self._links: dict[str, Link] = {}
        self._open_links: set[Link] = set()
        self._topics: set[str] = set()
        self._names: tuple[str, ...] = ()
        self._inode = 0
        self._inbox: Inbox
        self._server: asyncio.Server | None = None

    async def open(self, inbox: Inbox) -> None:
        """Listen, in place of a socket that a dead hub left; OSError if a living one listens there."""
        self._inbox = inbox
        refuse_living_hub(self._path)
        listener = listen_at(self._path, self._gid)
        self._inode = os.stat(self._path).st_ino
        self._server = await asyncio.start_unix_server(self._serve, sock=listener, limit=STREAM_LIMIT_BYTES)

    def subscribe(self, topic: str) -> None:
        """Have events of this topic delivered."""
        self._topics.add(topic)

    def peers(self) -> Sequence[str]:
        """Names of the connected peers."""
        return self._names

    async def close(self) -> None:
        """Stop to listen, end every connection and remove the socket, unless a newer hub has put its own there."""
        if self._server is None:
            return
        self._server.close()
        for link in tuple(self._open_links):
            await link.close()
        with contextlib.suppress(FileNotFoundError):
            if os.stat(self._path).st_ino == self._inode:
                os.unlink(self._path)

    def send(self, message: Message) -> None:
        """Deliver a message to the peer that it names, or an event to all who subscribed to its topic."""
        match message:
            case Event():
                self._spread(message)
            case Call():
                self._pass_call(message)
            case Answer() | Refusal() if message.to == self.address:
                self._inbox.settled(message)
            case WakeUp() if message.to == self.address:
                self._inbox.woken(message.wake)
            case Answer() | Refusal() | WakeUp() if link := self._links.get(message.to):
                link.send(message)

    def _pass_call(self, call: Call) -> None:
        if call.sender == self.address:
            self._inbox.sent(call)
        if call.to == self.address:
            self._inbox.called(call, self.send)
            return
        link = self._links.get(call.to)
        if link is None:
            self._refuse(call, messages.ABSENT, f"{call.to} is not connected.")
        elif link.send(call):
            link.owed[call.id] = call.sender
        else:
            self._refuse(call, messages.ABSENT, f"{call.to} has stopped reading its messages.")

    def _refuse(self, call: Call, kind: str, sentence: str) -> None:
        self.send(Refusal(call.id, call.sender, kind, sentence))

    def _spread(self, event: Event) -> None:
        if event.topic in self._topics:
            self._inbox.happened(event)
        for link in self._links.values():
            if event.topic in link.topics:
                link.send(event)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = Link(reader, writer)
        self._open_links.add(link)
        try:
            self._admit(link, await self._greeted(link))
            while True:
                self._take(link, await link.receive())
        except LinkClosedError:
            log.debug("The connection of %s has ended.", link.name or "an unnamed peer")
        except (BadFrameError, TimeoutError) as error:
            log.warning("The bus closed the connection of %s: %s", link.name or "an unnamed peer", error)
        except BusError as refusal:
            log.warning("The bus refused a connection: %s", refusal)
            link.send(Goodbye(refusal.kind, str(refusal)))
        finally:
            self._open_links.discard(link)
            self._forget(link)
            await link.close()

    async def _greeted(self, link: Link) -> Hello:
        if link.uid() not in self._allowed_uids:
            raise BusError("forbidden", f"User id {link.uid()} may not join this bus.")
        hello = await asyncio.wait_for(link.receive(), GREETING_DEADLINE_S)
        if not isinstance(hello, Hello):
            raise BadFrameError("its first message was no hello")
        messages.refuse_version(hello.version)
        if not 0 < len(hello.name) <= MAX_NAME_CHARACTERS or hello.name == self.address:
            raise BusError("forbidden", f"A peer of this bus can't be named {hello.name[:MAX_NAME_CHARACTERS]!r}.")
        return hello

    def _admit(self, link: Link, hello: Hello) -> None:
        older = self._links.get(hello.name)
        if older is not None and older.started_ns > hello.started_ns:
            raise BusError(messages.REPLACED, f"A newer process has taken the name {hello.name}.")
        link.name, link.started_ns, link.topics = hello.name, hello.started_ns, set(hello.topics)
        self._links[hello.name] = link
        if older is not None:
            older.send(Goodbye(messages.REPLACED, f"A newer process has taken the name {hello.name}."))
            self._refuse_owed(older)
            older.hang_up()
        link.send(Welcome(PROTOCOL_VERSION, self.address))
        self._tell_roster()

    def _take(self, link: Link, message: Message) -> None:
        match message:
            case Subscribe():
                link.topics.update(message.topics)
            case Call() if message.sender == link.name:
                self.send(message)
            case Answer() | Refusal():
                # Only the peer that was asked may answer, and only once.
                if link.owed.pop(message.id, None) == message.to:
                    self.send(message)
            case WakeUp() | Event():
                self.send(message)
            case _:
                raise BadFrameError(f"a {type(message).__name__} that a peer has no business to send")

    def _forget(self, link: Link) -> None:
        self._refuse_owed(link)
        if self._links.get(link.name) is link:
            del self._links[link.name]
            self._tell_roster()

    def _refuse_owed(self, link: Link) -> None:
        owed, link.owed = link.owed, {}
        for call_id, caller in owed.items():
            self.send(Refusal(call_id, caller, messages.LOST, f"{link.name} went away before it answered."))

    def _tell_roster(self) -> None:
        self._names = tuple(sorted(self._links))
        roster = Roster((self.address, *self._names))
        for link in self._links.values():
            link.send(roster)


def refuse_living_hub(path: str) -> None:
    """FileExistsError if something listens at this path, or what is there is no socket."""
    try:
        if not stat.S_ISSOCK(os.stat(path).st_mode):
            raise FileExistsError(f"{path} is in the way of the bus: it is not a socket.")
    except FileNotFoundError:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            return
    raise FileExistsError(f"Another control process already listens at {path}.")


def listen_at(path: str, gid: int | None) -> socket.socket:
    """A listening socket at this path, with its mode and group set before anyone can see it."""
    beginning = f"{path}.{os.getpid()}"
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(beginning)
        listener.bind(beginning)
        os.chmod(beginning, SOCKET_MODE)
        if gid is not None:
            os.chown(beginning, -1, gid)
        listener.listen(128)
        os.rename(beginning, path)
    except BaseException:
        listener.close()
        raise
    return listener
