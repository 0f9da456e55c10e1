"""The rules that new groups get before an operator says otherwise: those of every Neutron so far."""

from uuid import NAMESPACE_OID, uuid5

from haneul.kernel.db import Db, by
from haneul.services.network.default_security_group_rules.models import PARENT, DefaultRule, Sown, default_rules, sown
from haneul.services.network.security_group_rules.patterns import FAMILIES, pattern_of
from haneul.services.network.security_group_rules.schemas import PatternWanted
from haneul.services.network.standard import standard_values

FIRST = Sown("first")
IS_SOWN = by(Sown, sown, "name")
EGRESS = "Legacy default SG rule for egress traffic"
INGRESS = "Legacy default SG rule for ingress traffic"


def sow(db: Db) -> None:
    """Write the first rules into a new cloud's database, once. Repeatable."""
    if db.one(IS_SOWN, name=FIRST.name) is None:
        # Of two controls that start at once neither fails: both write the same rows.
        db.insert_missing(sown, FIRST)
        for family in FAMILIES:
            _write(db, PatternWanted(direction="egress", ethertype=family, description=EGRESS), in_others=True)
        for family in FAMILIES:
            among = PatternWanted(direction="ingress", ethertype=family, remote_group_id=PARENT, description=INGRESS)
            _write(db, among, in_others=False)


def _write(db: Db, wanted: PatternWanted, *, in_others: bool) -> None:
    pattern = pattern_of(wanted)
    values = {**standard_values("", wanted.description), "id": str(uuid5(NAMESPACE_OID, pattern.fingerprint))}
    rule = DefaultRule(**values, **pattern.columns, used_in_default_sg=True, used_in_non_default_sg=in_others)
    db.insert_missing(default_rules, rule)
