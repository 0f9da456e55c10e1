"""The per-port stateful firewall and anti-spoofing of a host whose guests are on Linux bridges, in nftables.

A packet's path from one guest to another:

1. *bridge, prerouting*: the tap leads to the chain `from-<port>`, which lets a packet through if its MAC and addresses
   are the port's, and marks it with the port's *profile*: its security groups. The mark also says whether the address
   is the port's own (one of its fixed addresses) or only an allowed pair.
2. *inet, prerouting*, by br_netfilter: the connection is looked for in the zone of its bridge, since the addresses of
   tenants overlap. The mark leads to the rules of the profile's groups. What none of them allows ends here.
3. *bridge, forward*: each copy of a flooded frame gets the mark of the tap that it goes to, and goes on if its MAC is
   the port's or a group's.
4. *inet, forward*: as 2, for the port that the packet goes to.

Every step looks things up in hashed maps, so a packet costs the same whatever the number of ports.

A group's rules are asked about the packet that began the connection, even if another packet of it is at hand. So they
need not be asked for every packet: the answer is noted in the connection's mark, a half for the port that began it and
a half for the other one, as the *generation* of rules that allowed it. Each change of rules begins a new generation,
in the same transaction. Then every connection is asked about once more, by its next packet in either direction: one
that no rule allows any longer is cut by the very change, and all others go on.
"""

from haneul.host.net.firewall.firewall import Firewall, FirewallMissing, GroupInUse
from haneul.host.net.firewall.values import AddressPair, FilteredPort, Group, Rule

__all__ = ["AddressPair", "FilteredPort", "Firewall", "FirewallMissing", "Group", "GroupInUse", "Rule"]
