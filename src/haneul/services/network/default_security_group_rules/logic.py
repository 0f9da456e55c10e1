from sqlalchemy import bindparam

from haneul.kernel.db import Db, Query, by, columns_of
from haneul.kernel.db.listing import Listing
from haneul.kernel.errors import Conflict, NotFound
from haneul.services.network.default_security_group_rules.models import DefaultRule, default_rules
from haneul.services.network.default_security_group_rules.schemas import DefaultRuleCreate
from haneul.services.network.lists import Asked, fetched
from haneul.services.network.security_group_rules.patterns import pattern_of
from haneul.services.network.standard import standard_values

BY_ID = by(DefaultRule, default_rules, "id")
ALIKE = Query(
    DefaultRule,
    columns_of(DefaultRule, default_rules).where(default_rules.c.fingerprint == bindparam("fingerprint")),
)
SORTED_BY = (
    "id",
    "direction",
    "ethertype",
    "protocol",
    "port_range_min",
    "port_range_max",
    "remote_ip_prefix",
    "remote_group_id",
    "remote_address_group_id",
)
LISTING = Listing(
    DefaultRule,
    default_rules,
    filters={
        name: default_rules.c[name]
        for name in (*SORTED_BY, "description", "used_in_default_sg", "used_in_non_default_sg")
    },
    sorts={name: default_rules.c[name] for name in SORTED_BY},
    default_sort=(("id", "asc"),),
)


def get(db: Db, rule_id: str) -> DefaultRule:
    rule = db.one(BY_ID, id=rule_id)
    if rule is None:
        raise NotFound(
            "Default Security Group rule {id} does not exist", kind="DefaultSecurityGroupRuleNotFound", id=rule_id
        )
    return rule


def list_(db: Db, wanted: Asked) -> list[DefaultRule]:
    return fetched(db, LISTING, wanted)


def create(db: Db, wanted: DefaultRuleCreate) -> DefaultRule:
    """Insert a rule that groups get which are made from now on; Conflict for one that they get already."""
    pattern = pattern_of(wanted)
    for known in db.all(ALIKE, fingerprint=pattern.fingerprint):
        if _meet(known, wanted):
            raise Conflict(
                "Default Security group rule already exists. Rule id is {id}.",
                kind="DefaultSecurityGroupRuleExists",
                id=known.id,
            )
    rule = DefaultRule(
        **standard_values("", wanted.description),
        **pattern.columns,
        used_in_default_sg=wanted.used_in_default_sg,
        used_in_non_default_sg=wanted.used_in_non_default_sg,
    )
    return db.insert(default_rules, rule)


def _meet(known: DefaultRule, wanted: DefaultRuleCreate) -> bool:
    """Whether some new group would get both."""
    in_default = known.used_in_default_sg and wanted.used_in_default_sg
    return in_default or (known.used_in_non_default_sg and wanted.used_in_non_default_sg)


def delete(db: Db, rule: DefaultRule) -> None:
    db.delete(default_rules, id=rule.id)
