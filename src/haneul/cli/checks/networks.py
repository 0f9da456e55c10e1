"""The audit of networks: no link, namespace, rule or program on this host without its row, and no row without them."""

import os
from collections.abc import Iterator, Mapping

import msgspec
from sqlalchemy import select

from haneul.cli.checks.finding import Check, Finding, Subject
from haneul.host.namespaces import inside, list_marked_namespaces, list_namespaces
from haneul.host.net.firewall import Firewall
from haneul.host.net.links import list_own_links
from haneul.host.net.marks import marks_of, read_mark
from haneul.host.run import RunFailed
from haneul.kernel.db import Db
from haneul.kernel.reconcile.plans import buried_on
from haneul.services.network.drivers.made_plans import KINDS
from haneul.services.network.placements.models import placements
from haneul.settings import CloudSettings

WHY = "What has no row belongs to nobody and is never removed; a row without its thing is a network that does not work."
FIX = "haneul down; haneul up"
KIND_OF_MARK: Mapping[str, str] = {
    "bridge": "segment",
    "vxlan": "segment",
    "vlan": "segment",
    "gre": "segment",
    "tap": "port",
    "dhcp": "dhcp",
    "router": "router",
}
"""Of which kind of plan a marked thing is a part."""

Things = set[tuple[str, str]]
"""Kinds of plan with ids."""


class Seen(msgspec.Struct):
    """What is on this host: what the driver says that it made, and by sentence each thing that carries our mark."""

    made: Things
    marked: dict[str, tuple[str, str]]


def networks(subject: Subject) -> Iterator[Finding]:
    """What this host has of networks against the rows that say what it should have."""
    assert subject.settings is not None
    if not subject.is_simulated and os.geteuid() != 0:
        return
    host = subject.settings.host
    wanted, unmade = subject.store.read(lambda db: _wanted(db, host))
    leaving = subject.store.read(lambda db: {(kind, one) for kind in KINDS for one in buried_on(db, host, kind)})
    try:
        seen = _look(subject)
    except RunFailed as error:
        yield Finding("wrong", f"The networks of this host can't be looked at. {error}", WHY, FIX)
        return
    known = wanted | leaving
    wrong = [f"The {kind} {one} on this host has no row." for kind, one in sorted(seen.made - known)]
    wrong += [f"{what} has no row." for what, thing in sorted(seen.marked.items()) if thing not in known]
    wrong += [f"The {kind} {one} is not on this host." for kind, one in sorted(wanted - seen.made - unmade)]
    for sentence in wrong:
        yield Finding("wrong", sentence, WHY, FIX)
    if not wrong:
        yield Finding(
            "ok", f"Networks, ports, groups and routers on this host: {len(seen.made)}. Each has its row.", WHY
        )


def _wanted(db: Db, host: str) -> tuple[Things, Things]:
    """What the rows want here, and what of it the host has said that it can't make or has not made yet."""
    rows = db.tuples(
        select(placements.c.kind, placements.c.id, placements.c.generation, placements.c.observed_generation).where(
            placements.c.host == host
        )
    )
    return {(row[0], row[1]) for row in rows}, {(row[0], row[1]) for row in rows if row[2] != row[3]}


def _look(subject: Subject) -> Seen:
    from haneul.agent import networks_of

    assert subject.settings is not None
    layout, settings = subject.layout, subject.settings
    own = None if settings.simulate or settings.host_network else CloudSettings.namespace_of(layout.cloud_id)
    if own is not None and own not in list_namespaces():
        return Seen(set(), {})
    with inside(own):
        driver = networks_of(settings, layout.sections(os.environ), layout.cloud_id)
        made: Things = {(kind, one.id) for kind in KINDS for one in driver.list_made(kind)}
        return Seen(made, {} if settings.simulate else _marked(subject))


def _marked(subject: Subject) -> dict[str, tuple[str, str]]:
    cloud_id = subject.layout.cloud_id
    found: dict[str, tuple[str, str]] = {}
    for link in list_own_links(cloud_id):
        mark = link.mark
        # The way to the machine itself is the host's, whatever networks there are.
        if link.name != "lo" and not (mark and mark.kind == "external"):
            found[f"The link {link.name}"] = (KIND_OF_MARK.get(mark.kind, mark.kind), mark.id) if mark else ("", "")
    for name, text in list_marked_namespaces(marks_of(cloud_id)).items():
        mark = read_mark(text)
        if mark is not None:
            found[f"The namespace {name}"] = (KIND_OF_MARK.get(mark.kind, mark.kind), mark.id)
    firewall = Firewall(cloud_id)
    found |= {f"The filter of port {one}": ("port", one) for one in firewall.ports()}
    found |= {f"The filter of group {one}": ("group", one) for one in firewall.groups()}
    return found


CHECKS: tuple[Check, ...] = (networks,)
