"""Answering guests: who asks is told by the network alone, never by what he says of himself."""

from haneul.kernel.db import Db, Store
from haneul.services.compute.metadata import passwords, tree
from haneul.services.compute.metadata.facts import facts_of
from haneul.services.compute.nics import queries as nics
from haneul.services.compute.servers import queries as servers
from haneul.services.compute.servers.models import Server
from haneul.services.network import public as network
from haneul.services.network.public import MetadataAsk, MetadataReply

READ = ("GET", "HEAD")
NOT_ALLOWED = MetadataReply(405, b"405 Method Not Allowed\n")


def answer(store: Store, ask: MetadataAsk) -> MetadataReply:
    """What the guest at this address of this network, or behind this router, is told."""
    if passwords.is_of(ask.path):
        writes = ask.method == "POST"
        return (store.write if writes else store.read)(lambda db: _password(db, ask))
    if ask.method not in READ:
        return NOT_ALLOWED
    return store.read(lambda db: _found(db, ask))


def _found(db: Db, ask: MetadataAsk) -> MetadataReply:
    server = _asker(db, ask)
    return tree.NOT_THERE if server is None else tree.at(ask.path, facts_of(db, [server])[server.id])


def _password(db: Db, ask: MetadataAsk) -> MetadataReply:
    server = _asker(db, ask)
    if server is None:
        return tree.NOT_THERE
    if ask.method in READ:
        return MetadataReply(200, passwords.of(db, server.id).encode())
    return passwords.take(db, server.id, ask.body) if ask.method == "POST" else NOT_ALLOWED


def _asker(db: Db, ask: MetadataAsk) -> Server | None:
    port = network.sender(db, ask)
    nic = db.one(nics.ONE, port_id=port.id) if port is not None else None
    server = db.one(servers.BY_ID, id=nic.server_id) if nic is not None else None
    return server if server is not None and server.deleted_at is None else None
