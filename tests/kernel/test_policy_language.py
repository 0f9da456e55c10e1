import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests import surface

from haneul.kernel.auth.caller import Caller
from haneul.kernel.policy.compiled import Linked, compile_expression, link
from haneul.kernel.policy.expressions import Always, And, LiteralIs, Never, Not, Or, RoleIs, Template, references
from haneul.kernel.policy.language import PolicyError, parse
from haneul.kernel.policy.target import MISSING, Target, lookup
from haneul.services.compute.base_rules import BASE_RULES as COMPUTE
from haneul.services.identity.base_rules import BASE_RULES as IDENTITY
from haneul.services.image.base_rules import BASE_RULES as IMAGE
from haneul.services.placement.base_rules import BASE_RULES as PLACEMENT

# Neutron's table abbreviates its rules to one capital word each, and says COMPOSITE where that cannot be done.
ABBREVIATED = re.compile(r"[A-Z_]+|COMPOSITE .*")

MEMBER = Caller(user_id="u1", user_domain_id="d1", project_id="p1", roles=frozenset({"member", "reader"}))
DOMAIN_MANAGER = Caller(user_id="u2", user_domain_id="d1", domain_id="d1", roles=frozenset({"manager"}))
SYSTEM_READER = Caller(user_id="u3", system_scope="all", roles=frozenset({"reader"}))
READER = Caller(user_id="u4", project_id="p1", roles=frozenset({"reader"}))
CALLERS = {
    "MEMBER": MEMBER,
    "DOMAIN_MANAGER": DOMAIN_MANAGER,
    "SYSTEM_READER": SYSTEM_READER,
    "READER": READER,
}
BASES = {"nova": COMPUTE, "glance": IMAGE, "placement": PLACEMENT, "keystone": IDENTITY}


class Server(msgspec.Struct):
    id: str = "s1"
    project_id: str | None = "p1"
    user_id: str = "u1"
    locked: bool = False
    router_external: bool = True


class ImageMember(msgspec.Struct):
    member_id: str = "p1"
    status: str = "pending"


def holds(text: object, caller: Caller, row: object = None, /, **named: object) -> bool:
    rules = {"context_is_admin": parse("role:admin"), "reads": parse("role:reader")}
    return link({**rules, "asked": parse(text)}).checks["asked"](caller, Target(row, named))


@pytest.mark.parametrize("service", surface.services_with_policies())
def test_every_default_rule_of_upstream_parses(service: str) -> None:
    rules = [rule for rule in surface.policies(service) if not ABBREVIATED.fullmatch(rule.default_check)]
    parsed = [parse(rule.default_check) for rule in rules]
    assert len(parsed) > 10 or service == "neutron"


def upstream(service: str) -> Linked:
    defaults = {rule.policy_name: rule.default_check for rule in surface.policies(service)}
    texts = {"context_is_admin": "!", **BASES[service], **defaults}
    return link({name: parse(text) for name, text in texts.items()})


@pytest.mark.parametrize("service", ["nova", "glance", "placement", "keystone"])
def test_base_rules_carry_every_default_rule_of_the_service(service: str) -> None:
    linked = upstream(service)
    admin, nobody = Caller(user_id="u9", project_id="p9", roles=frozenset({"admin"})), Caller(user_id="u8")
    named = [name for name, node in linked.expressions.items() if references(node) - {"default"}]
    assert len(named) > len(linked.checks) / 2
    assert not [name for name in named if linked.checks[name](nobody, Target(Server(), {}))]
    assert sum(linked.checks[name](admin, Target(Server(), {})) for name in named) > len(named) * 0.9


@pytest.mark.parametrize(
    ("service", "rule", "caller", "named", "expected"),
    [
        ("nova", "os_compute_api:servers:show", "MEMBER", {"project_id": "p1"}, True),
        ("nova", "os_compute_api:servers:show", "MEMBER", {"project_id": "p2"}, False),
        ("nova", "os_compute_api:servers:create", "READER", {"project_id": "p1"}, False),
        ("nova", "os_compute_api:os-keypairs:create", "READER", {"user_id": "u4"}, True),
        ("nova", "os_compute_api:os-flavor-manage:create", "MEMBER", {}, False),
        ("glance", "get_image", "READER", {"project_id": "p2", "visibility": "public"}, True),
        ("glance", "get_image", "READER", {"project_id": "p2", "visibility": "private"}, False),
        ("glance", "get_image", "READER", {"project_id": "p2", "visibility": "private", "member_id": "p1"}, True),
        ("glance", "add_image", "MEMBER", {"project_id": "p1", "owner": "p2"}, False),
        ("placement", "placement:usages", "READER", {"project_id": "p1"}, True),
        ("placement", "placement:reshaper:reshape", "MEMBER", {}, False),
        ("keystone", "identity:get_user", "MEMBER", {"user": {"id": "u1"}}, True),
        ("keystone", "identity:get_user", "READER", {"user": {"id": "u1"}}, False),
        ("keystone", "identity:list_roles", "SYSTEM_READER", {}, True),
        ("keystone", "identity:list_roles", "DOMAIN_MANAGER", {}, True),
        ("keystone", "identity:create_user", "DOMAIN_MANAGER", {"user": {"domain_id": "d1"}}, True),
        ("keystone", "identity:create_user", "DOMAIN_MANAGER", {"user": {"domain_id": "d2"}}, False),
    ],
)
def test_upstream_rules_decide(service: str, rule: str, caller: str, named: dict[str, object], expected: bool) -> None:
    assert upstream(service).checks[rule](CALLERS[caller], Target(None, named)) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Always()),
        ("  ", Always()),
        ("@", Always()),
        ("!", Never()),
        ([], Always()),
        ([[]], Never()),
        ("role:Admin", RoleIs(Template(("admin",)), "")),
        ("((role:a))", RoleIs(Template(("a",)), "")),
        ("not not @", Not(Not(Always()))),
        ("@ or ! and not @", Or((Always(), And((Never(), Not(Always())))))),
        ("(@ or !) AND @", And((Or((Always(), Never())), Always()))),
        ([["@", "!"], "@"], Or((And((Always(), Never())), Always()))),
        ("'a b':%(x)s", LiteralIs("a b", Template(("", "x", "")), "")),
        ('"a:b":%(x)s', LiteralIs("a:b", Template(("", "x", "")), "")),
        ("None:%(target.x)s", LiteralIs("None", Template(("", "target.x", "")), "")),
        ("True:%(x)s", LiteralIs("True", Template(("", "x", "")), "")),
        ("7:%(x)s", LiteralIs("7", Template(("", "x", "")), "")),
    ],
)
def test_text_and_lists_parse(text: object, expected: object) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("http://policy.example/check", "asks another server, which is not supported"),
        ("https://policy.example/%(id)s", "asks another server, which is not supported"),
        ("role:a role:b", "An 'and' or 'or' is missing before 'role:b'"),
        ("role:a and", "The rule ends where a check is missing."),
        ("or role:a", "A check is missing before 'or'."),
        ("()", "A check is missing before ')'."),
        ("(role:a", "A parenthesis is never closed."),
        ("role:a)", "An 'and' or 'or' is missing before ')'"),
        ("'public:%(x)s", "A ' in ''public:%(x)s' is never closed."),
        ("admin", "'admin' is not a check"),
        ("role:", "'role:' is not a check"),
        ("rol:admin", "begins with 'rol', which is neither a kind of check, a credential nor a quoted text."),
        ("is_admin:perhaps", "compares is_admin with neither True nor False."),
        ("field:networks", "is not a check of a field"),
        ("field:port:owner=~[", "holds a pattern that cannot be read"),
        ("(" * 80 + "@" + ")" * 80, "The rule is nested more than 50 deep."),
        ("not " * 80 + "@", "The rule is nested more than 50 deep."),
        (None, "A rule is a text or a list of lists of checks, not None"),
        (True, "A rule is a text or a list of lists of checks, not True"),
        ([[1]], "A list of checks holds texts, and [1] does not."),
    ],
)
def test_what_is_no_rule_is_refused_in_a_sentence(text: object, sentence: str) -> None:
    with pytest.raises(PolicyError, match=re.escape(sentence)):
        parse(text)


@pytest.mark.parametrize(
    ("rules", "sentence"),
    [
        ({"a": "rule:b"}, "The rule 'a' refers to the rule 'b', which is not defined."),
        ({"a": "rule:a"}, "The rule 'a' refers back to itself: a -> a."),
        (
            {"a": "role:x or rule:b", "b": "not rule:c", "c": "rule:b"},
            "The rule 'b' refers back to itself: b -> c -> b.",
        ),
        (
            {"context_is_admin": "is_admin:True"},
            "The rule 'context_is_admin' refers back to itself: context_is_admin -> context_is_admin.",
        ),
        (
            {**{f"r{i}": f"rule:r{i + 1}" for i in range(2000)}, "r2000": "@"},
            "The rules refer to each other through too many others.",
        ),
    ],
)
def test_references_that_lead_nowhere_are_refused(rules: dict[str, str], sentence: str) -> None:
    with pytest.raises(PolicyError, match=re.escape(sentence)):
        link({name: parse(text) for name, text in rules.items()})


@pytest.mark.parametrize(
    ("text", "caller", "row", "expected"),
    [
        ("role:MEMBER", MEMBER, None, True),
        ("roles:reader", MEMBER, None, True),
        ("role:admin", MEMBER, None, False),
        ("role:%(status)s", MEMBER, {"status": "Reader"}, True),
        ("role:%(status)s", MEMBER, {}, False),
        ("rule:reads", MEMBER, None, True),
        ("is_admin:True", MEMBER, None, False),
        ("is_admin:False", MEMBER, None, True),
        ("is_admin:1", Caller(roles=frozenset({"admin"})), None, True),
        ("is_admin_project:True", MEMBER, None, True),
        ("system_scope:all", SYSTEM_READER, None, True),
        ("system_scope:all", MEMBER, None, False),
        ("project_id:%(project_id)s", MEMBER, Server(), True),
        ("project_id:%(project_id)s", MEMBER, Server(project_id="p2"), False),
        ("tenant_id:%(tenant_id)s", MEMBER, Server(), True),
        ("project_id:%(project_id)s", MEMBER, {"project_id": "p1"}, True),
        ("project_id:p1", MEMBER, None, True),
        ("project_id:'p1'", MEMBER, None, True),
        ("project_id:prefix-%(id)s-%(user_id)s", Caller(project_id="prefix-s1-u1"), Server(), True),
        ("project_id:prefix-%(absent)s", Caller(project_id="prefix-"), Server(), False),
        ("project_id:%(absent)s", MEMBER, Server(), False),
        ("project_id:%(project_id)s", MEMBER, None, False),
        ("not project_id:%(absent)s", MEMBER, Server(), True),
        ("not domain_id:None", MEMBER, None, False),
        ("not domain_id:None", DOMAIN_MANAGER, None, True),
        ("user_id:%(user_id)s", Caller(), Server(user_id=""), False),
        ("token.domain.id:%(target.user.domain_id)s", DOMAIN_MANAGER, {"user": {"domain_id": "d1"}}, True),
        ("token.domain.id:None", MEMBER, None, True),
        ("True:%(locked)s", MEMBER, Server(locked=True), True),
        ("True:%(locked)s", MEMBER, Server(), False),
        ("None:%(project_id)s", MEMBER, Server(project_id=None), True),
        ("None:%(absent)s", MEMBER, Server(), False),
        ("'public':%(visibility)s", MEMBER, {"visibility": "public"}, True),
        ("'public':public", MEMBER, None, True),
        ("field:networks:shared=True", MEMBER, {"shared": True}, True),
        ("field:networks:shared=True", MEMBER, {"shared": False}, False),
        ("field:networks:shared=True", MEMBER, {"shared": None}, False),
        ("field:networks:router:external=True", MEMBER, Server(), True),
        ("field:port:device_owner=~^network:", MEMBER, {"device_owner": "network:dhcp"}, True),
        ("field:port:device_owner=~^network:", MEMBER, {"device_owner": "compute:nova"}, False),
        ([["role:admin"], ["role:member", "project_id:%(project_id)s"]], MEMBER, Server(), True),
        (" or ".join(["role:x"] * 3000) + " or role:member", MEMBER, None, True),
    ],
)
def test_checks_decide_as_upstream_does(text: object, caller: Caller, row: object, expected: bool) -> None:
    assert holds(text, caller, row) is expected


def test_a_caller_without_a_project_owns_no_row_without_one() -> None:
    assert not holds("project_id:%(project_id)s", SYSTEM_READER, Server(project_id=None))


def find(name: str, row: object = None, /, **named: object) -> object:
    return lookup(name)(Target(row, named))


def test_named_values_win_over_the_row() -> None:
    assert find("project_id", Server(), project_id="p2") == "p2"
    assert find("target.server.id", Server(), server=Server(id="s2")) == "s2"


def test_a_path_begins_at_the_row_of_its_kind() -> None:
    assert find("target.image_member.status", ImageMember()) == "pending"
    assert find("image_member.member.id", ImageMember()) == "p1"
    assert find("target.user.status", ImageMember()) is MISSING


def test_a_path_falls_back_to_a_flat_name() -> None:
    assert find("target.project.id", Server()) == "p1"
    assert find("target.user.id", Server()) == "u1"
    assert find("target.limit.domain.id", limit={"domain_id": "d1"}) == "d1"


def test_a_path_never_takes_another_kinds_attribute() -> None:
    assert find("target.group.project_id", Server()) is MISSING
    assert find("target.role.domain_id", {"domain_id": "d1"}) is MISSING


def test_target_dot_attribute_is_the_attribute() -> None:
    assert find("target.project_id", Server()) == "p1"


def test_paths_through_nothing_are_missing() -> None:
    assert find("target.role.domain_id", role=None) is MISSING
    assert find("target.a.b.c.d", {"a": {"b": None}}) is MISSING


# A second reading of the language, straight from its documentation: trees of tuples, evaluated by plain Python.

ROLES, NAMES, IDS = ("admin", "member", "reader"), ("project_id", "owner", "absent"), ("p1", "p2", "None", None)

leaves = st.one_of(
    st.sampled_from(["@", "!"]).map(lambda mark: ("mark", mark)),
    st.sampled_from(ROLES).map(lambda role: ("role", role)),
    st.tuples(st.just("owns"), st.sampled_from(NAMES)),
    st.tuples(st.just("literal"), st.sampled_from(["'p1'", "None"]), st.sampled_from(NAMES)),
)
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(st.just("not"), inner),
        st.tuples(st.sampled_from(["and", "or"]), st.lists(inner, min_size=2, max_size=4)),
    ),
    max_leaves=12,
)
STRENGTH = {"or": 1, "and": 2, "not": 3}


def written(tree: tuple, around: int = 0) -> str:
    match tree:
        case ("mark", mark):
            return mark
        case ("role", role):
            return f"role:{role}"
        case ("owns", name):
            return f"project_id:%({name})s"
        case ("literal", text, name):
            return f"{text}:%({name})s"
        case ("not", inner):
            return f"not {written(inner, STRENGTH['not'])}"
        case (joint, inner):
            text = f" {joint} ".join(written(part, STRENGTH[joint]) for part in inner)
            return f"({text})" if STRENGTH[joint] < around else text


def naive(tree: tuple, roles: frozenset[str], project_id: str, row: dict[str, str | None]) -> bool:
    match tree:
        case ("mark", mark):
            return mark == "@"
        case ("role", role):
            return role in roles
        case ("owns", name):
            return row.get(name) == project_id
        case ("literal", text, name):
            return name in row and str(row[name]) == text.strip("'")
        case ("not", inner):
            return not naive(inner, roles, project_id, row)
        case ("and", inner):
            return all(naive(part, roles, project_id, row) for part in inner)
        case (_, inner):
            return any(naive(part, roles, project_id, row) for part in inner)


@given(
    tree=trees,
    roles=st.frozensets(st.sampled_from(ROLES)),
    row=st.fixed_dictionaries({}, optional={"project_id": st.sampled_from(IDS), "owner": st.sampled_from(IDS)}),
)
def test_compiled_rules_equal_a_naive_reading(tree: tuple, roles: frozenset[str], row: dict[str, str | None]) -> None:
    check = compile_expression(parse(written(tree)), {}.__getitem__)
    caller = Caller(user_id="u1", project_id="p1", roles=roles)
    assert check(caller, Target(row, {})) is naive(tree, roles, "p1", row)


@given(st.text(alphabet="ab:%()s'\"@! =~field:rule", max_size=40))
def test_any_text_is_refused_or_decides(text: str) -> None:
    try:
        expression = parse(text)
    except PolicyError:
        return
    check = compile_expression(expression, lambda name: lambda caller, target: True)
    assert isinstance(check(MEMBER, Target({}, {})), bool)
