from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from msgspec import Struct
from sqlalchemy import BindParameter, ColumnElement, bindparam, or_, select

from haneul.kernel.db import Db, Outrun, Query, by, columns_of, fields
from haneul.kernel.db.listing import Clause, Listing, Page
from haneul.kernel.errors import Conflict, NotFound
from haneul.services.network.lists import Asked, boolean, fetched
from haneul.services.network.owners import Viewer
from haneul.services.network.placements import logic as placements
from haneul.services.network.ports.models import port_groups
from haneul.services.network.quotas.logic import counted, take_one
from haneul.services.network.rbac import sharing
from haneul.services.network.security_groups.default import default_of, rules_of_new, write_first_rules
from haneul.services.network.security_groups.models import (
    DEFAULT,
    SecurityGroup,
    SecurityGroupRule,
    security_group_rules,
    security_groups,
)
from haneul.services.network.security_groups.schemas import GroupCreate, GroupUpdate
from haneul.services.network.standard import Changes, standard_values
from haneul.services.network.tags import logic as tags

GROUP, PLURAL = "security_group", "security-groups"
RULES_PLURAL = "security-group-rules"
BY_ID = by(SecurityGroup, security_groups, "id")
CHANGES = Changes(security_groups)
QUOTA = counted("security_group", security_groups)
RULE_QUOTA = counted("security_group_rule", security_group_rules)
HAS_PORT = select(port_groups.c.port_id).where(port_groups.c.security_group_id == bindparam("group_id")).limit(1)
HELD = select(security_groups.c.id).where(security_groups.c.id == bindparam("group_id")).with_for_update()
RULES_OF = Query(
    SecurityGroupRule,
    columns_of(SecurityGroupRule, security_group_rules)
    .where(security_group_rules.c.security_group_id.in_(bindparam("ids", expanding=True)))
    .order_by(security_group_rules.c.created_at, security_group_rules.c.id),
)
NAMED = Query(
    SecurityGroup,
    columns_of(SecurityGroup, security_groups)
    .where(security_groups.c.project_id == bindparam("project_id"))
    .where(
        or_(
            security_groups.c.id.in_(bindparam("words", expanding=True)),
            security_groups.c.name.in_(bindparam("words", expanding=True)),
        )
    ),
)
MANY = 500
COLUMNS = ("id", "project_id", "name", "description", "stateful", "revision_number")
LISTING = Listing(
    SecurityGroup,
    security_groups,
    filters={name: security_groups.c[name] for name in COLUMNS},
    sorts={name: security_groups.c[name] for name in ("id", "project_id", "name", "created_at", "updated_at")},
    default_sort=(("id", "asc"),),
)


class Around(Struct, frozen=True):
    """What other rows say of groups, by their ids; `rule_tags` by those of their rules."""

    rules: Mapping[str, list[SecurityGroupRule]]
    rule_tags: Mapping[str, list[str]]
    tags: Mapping[str, list[str]]
    shared: Collection[str]


def get(db: Db, group_id: str, viewer: Viewer | None = None) -> SecurityGroup:
    """The group, if there is one that the viewer may see; NotFound."""
    group = db.one(BY_ID, id=group_id)
    if group is None or not (viewer is None or _can_see(db, group, viewer)):
        raise missing(group_id)
    return group


def hold(db: Db, group_id: str) -> None:
    """Let nobody delete the group, nor a rule come that names it, until this transaction ends."""
    if db.value(HELD, group_id=group_id) is None:
        raise Outrun


def missing(group_id: str) -> NotFound:
    """The refusal of a group that isn't there, or of which the caller may not know."""
    return NotFound("Security group {id} does not exist", kind="SecurityGroupNotFound", id=group_id)


def _can_see(db: Db, group: SecurityGroup, viewer: Viewer) -> bool:
    if viewer.is_admin or group.project_id == viewer.project_id:
        return True
    return sharing.may_use(db, GROUP, group.id, viewer.project_id)


def list_(db: Db, viewer: Viewer, wanted: Asked, clauses: Sequence[Clause]) -> list[SecurityGroup]:
    seen = [] if viewer.is_admin else [sharing.visible(GROUP, security_groups, viewer.project_id)]
    return fetched(db, LISTING, wanted, [*seen, *clauses])


def clauses(parameters: Mapping[str, Sequence[str]], project_id: str) -> list[Clause]:
    """The conditions of a list's query that are no columns: tags, and `shared`."""
    found = tags.clauses(parameters, PLURAL, security_groups)
    for value in parameters.get("shared", ())[-1:]:
        found.append(sharing.is_shared(GROUP, security_groups, project_id, wanted=boolean("shared", value)))
    return found


def around(db: Db, ids: Sequence[str], project_id: str) -> Around:
    """What other rows say of these groups to a project, in a few queries."""
    rules: dict[str, list[SecurityGroupRule]] = defaultdict(list)
    for start in range(0, len(ids), MANY):
        for rule in db.all(RULES_OF, ids=ids[start : start + MANY]):
            rules[rule.security_group_id].append(rule)
    rule_ids = [rule.id for of_group in rules.values() for rule in of_group]
    return Around(
        rules,
        tags.of_many(db, RULES_PLURAL, rule_ids),
        tags.of_many(db, PLURAL, ids),
        sharing.shared_with(db, GROUP, ids, project_id),
    )


def create(db: Db, wanted: GroupCreate, project_id: str) -> SecurityGroup:
    """Insert a group with the rules that new groups get; OverQuota, or Conflict for the name of the default one."""
    _refuse_default_name(wanted.name)
    default_of(db, project_id)
    take_one(db, project_id, QUOTA)
    take_one(db, project_id, RULE_QUOTA, rules_of_new(db))
    values = standard_values(project_id, wanted.description)
    group = db.insert(security_groups, SecurityGroup(**values, name=wanted.name, stateful=wanted.stateful))
    write_first_rules(db, group)
    return group


def _refuse_default_name(name: str) -> None:
    if name.lower() == DEFAULT:
        raise Conflict("Default security group already exists.", kind="SecurityGroupDefaultAlreadyExists")


def update(db: Db, group: SecurityGroup, wanted: GroupUpdate) -> SecurityGroup:
    """Change a group; Conflict for the default one's name, and for statefulness while ports have the group."""
    own = fields(wanted)
    _refuse_default_name(own.get("name", ""))
    if group.name == DEFAULT and "name" in own:
        raise Conflict("Updating default security group not allowed.", kind="SecurityGroupCannotUpdateDefault")
    is_other_state = own.get("stateful", group.stateful) != group.stateful
    if is_other_state:
        refuse_in_use(db, group.id)
    CHANGES.bump(db, group.id, **own)
    if is_other_state:
        placements.changed(db, "group", group.id)
    return get(db, group.id)


def refuse_in_use(db: Db, group_id: str) -> None:
    """Conflict while a port has the group."""
    if db.value(HAS_PORT, group_id=group_id) is not None:
        raise Conflict("Security Group {id} in use.", kind="SecurityGroupInUse", id=group_id)


def resolve(db: Db, project_id: str, words: Sequence[str]) -> list[str]:
    """The ids of groups that a project names by id or name; NotFound, or Conflict for a name of several.

    Its own groups come before those that others share with it, and an id before a name.
    """
    if DEFAULT in words:
        default_of(db, project_id)
    asked = list(dict.fromkeys(words))
    own = db.all(NAMED, project_id=project_id, words=asked) if asked else []
    try:
        return [_match(own, word) for word in asked]
    except NotFound:
        shared = _shared(db, project_id, asked)
        return [_match([*own, *shared], word) for word in asked]


def _match(known: Sequence[SecurityGroup], word: str) -> str:
    if any(group.id == word for group in known):
        return word
    found = [group.id for group in known if group.name == word]
    if not found:
        raise NotFound("Security group {name} not found.", kind="SecurityGroupNotFound", name=word[:255])
    if len(found) > 1:
        raise Conflict(
            "Multiple security groups found matching '{name}'. Use an ID to be more specific.",
            kind="NoUniqueMatch",
            name=word[:255],
        )
    return found[0]


def _shared(db: Db, project_id: str, words: Sequence[str]) -> list[SecurityGroup]:
    def build() -> ColumnElement[bool]:
        named: BindParameter[Any] = bindparam("shared_words", expanding=True)
        return or_(security_groups.c.id.in_(named), security_groups.c.name.in_(named))

    clause = Clause("named", build, {"shared_words": list(words)})
    return LISTING.page(db, Page(), {}, [sharing.is_shared(GROUP, security_groups, project_id, wanted=True), clause])
