"""A cloud's firewall in one network namespace: the verbs."""

import re
import threading
from collections.abc import Callable, Iterable

from haneul.host.net.firewall import layout
from haneul.host.net.firewall.connections import forget_connections
from haneul.host.net.firewall.nft import is_busy, shown, transact
from haneul.host.net.firewall.standing import Standing, read_back
from haneul.host.net.firewall.transaction import Transaction
from haneul.host.net.firewall.values import FilteredPort, Group, expect_device, expect_id
from haneul.host.net.sysctls import ensure_sysctl
from haneul.host.run import RunFailed

CLOUD_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
SHOWN_TO_IP_TABLES = {
    "bridge/bridge-nf-call-iptables": "1",
    "bridge/bridge-nf-call-ip6tables": "1",
    "bridge/bridge-nf-call-arptables": "0",
    "bridge/bridge-nf-filter-vlan-tagged": "0",
    "bridge/bridge-nf-filter-pppoe-tagged": "0",
}


class FirewallMissing(RunFailed):
    """The namespace has no tables of the cloud yet, or no longer: `prepare` makes them."""


class GroupInUse(RunFailed):
    """A group can't go while a port has it or a rule names it as its remote group."""


class Firewall:
    """A cloud's tables in the network namespace of the calling thread, which must always be the same one.

    Each verb is one transaction and can be repeated. What stands is in the kernel, and is read from there at the
    beginning; it is kept here, so that a change costs the same however much there is. So there may be one such object
    at a time, or one after another; what somebody else has removed is noticed by `ports`, `groups` and `prepare`.
    """

    def __init__(self, cloud_id: str) -> None:
        if not CLOUD_ID.fullmatch(cloud_id):
            raise ValueError(f"This is no cloud's id: {cloud_id!r}.")
        self._cloud_id = cloud_id
        self._table = f"haneul-{cloud_id}"
        self._lock = threading.Lock()
        self._standing: Standing | None = None
        # What was put since this object began, so that a repeated verb costs nothing.
        self._made: dict[str, Group | FilteredPort] = {}

    def prepare(self) -> None:
        """Make the tables and hooks, or bring those of an earlier version up to date; ports and groups stay."""
        with self._lock:
            for key, value in SHOWN_TO_IP_TABLES.items():
                ensure_sysctl(key, value)
            self._forget()
            standing = read_back(self._table)
            generation = standing.generation if standing else layout.GENERATIONS[0]
            transact(layout.skeleton(self._table, generation))

    def remove_all(self) -> None:
        """Remove the cloud's tables; nothing is filtered any longer, and no other table is touched."""
        with self._lock:
            families = ("bridge", "inet")
            verbs = ("add", "delete")
            transact(f"{verb} table {family} {self._table}" for family in families for verb in verbs)
            self._forget()

    def ensure(self, *, groups: Iterable[Group] = (), ports: Iterable[FilteredPort] = ()) -> None:
        """Make these groups and ports like this, all in one transaction."""
        wanted: dict[str, Group | FilteredPort] = {group.id: group for group in groups}
        wanted.update({port.id: port for port in ports})

        def put(change: Transaction) -> None:
            for one in self._not_made_yet(wanted, change.after):
                if isinstance(one, Group):
                    change.put_group(one)
                else:
                    change.put_port(one)

        self._change(put)
        self._made.update(wanted)

    def ensure_group(self, group: Group) -> None:
        """Give a group these rules and members; connections that this leaves without a rule are cut."""
        self.ensure(groups=[group])

    def ensure_port(self, port: FilteredPort) -> None:
        """Filter a port like this; a group of it that isn't there yet allows nothing until it is."""
        self.ensure(ports=[port])

    def ensure_bridge(self, bridge: str) -> None:
        """Keep the connections of a bridge apart even if it has no filtered port; `ensure_port` does so itself."""
        expect_device(bridge)
        self._change(lambda change: change.put_bridge(bridge))

    def remove_port(self, port_id: str) -> None:
        """Filter a port no longer, and forget its connections: another one may get its addresses."""
        expect_id(port_id)
        self._change(lambda change: change.drop_port(port_id))
        self._made.pop(port_id, None)

    def remove_group(self, group_id: str) -> None:
        """Remove a group; GroupInUse if something still needs it."""
        expect_id(group_id)
        try:
            self._change(lambda change: change.drop_group(group_id))
        except RunFailed as error:
            if is_busy(error):
                raise GroupInUse(f"The group {group_id} is still that of a port or a rule's remote group.") from error
            raise
        self._made.pop(group_id, None)

    def ports(self) -> set[str]:
        """The ids of the ports that are filtered, as the kernel has them."""
        standing = self._read_anew()
        return set(standing.ports) if standing else set()

    def groups(self) -> set[str]:
        """The ids of the groups that are there, as the kernel has them."""
        standing = self._read_anew()
        return set(standing.groups) if standing else set()

    def explain(self, port_id: str) -> list[str]:
        """What a port may speak as, and which groups are asked about what it begins and what reaches it."""
        expect_id(port_id)
        standing = self._read_anew()
        if standing is None or port_id not in standing.ports:
            return []
        number = standing.ports[port_id].profile
        profile = next(name for name, of in standing.profiles.items() if of == number)
        chains = [("bridge", f"from-{port_id}"), ("inet", f"initiator-{profile}"), ("inet", f"responder-{profile}")]
        return [line for family, chain in chains for line in self._shown(family, chain)]

    def explain_group(self, group_id: str) -> list[str]:
        """A group's egress and ingress rules, as the kernel has them."""
        expect_id(group_id)
        return [line for way in ("egress", "ingress") for line in self._shown("inet", f"{way}-{group_id}")]

    def _shown(self, family: str, chain: str) -> list[str]:
        return [f"{family} {chain}: {rule}" for rule in shown(family, self._table, chain)]

    def _not_made_yet(self, wanted: dict[str, Group | FilteredPort], standing: Standing) -> list[Group | FilteredPort]:
        there = standing.ports.keys() | standing.groups
        return [one for one in wanted.values() if one.id not in there or self._made.get(one.id) != one]

    def _change(self, tell: Callable[[Transaction], None]) -> None:
        with self._lock:
            try:
                change = self._try(tell)
            except RunFailed:
                # Somebody else may have changed the tables since they were last read.
                self._forget()
                change = self._try(tell)
            for zone, addresses in change.gone:
                forget_connections(zone, addresses)

    def _try(self, tell: Callable[[Transaction], None]) -> Transaction:
        if self._standing is None:
            self._standing = read_back(self._table)
        if self._standing is None:
            raise FirewallMissing(f"The firewall of cloud {self._cloud_id} isn't prepared in this network namespace.")
        change = Transaction(self._table, self._standing)
        tell(change)
        lines = change.written()
        if lines:
            transact(lines)
        self._standing = change.after
        return change

    def _read_anew(self) -> Standing | None:
        with self._lock:
            self._standing = read_back(self._table)
            there = self._standing.ports.keys() | self._standing.groups if self._standing else set()
            self._made = {id_: one for id_, one in self._made.items() if id_ in there}
            return self._standing

    def _forget(self) -> None:
        self._standing = None
        self._made = {}
