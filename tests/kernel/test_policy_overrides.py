import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import msgspec
import pytest

from haneul.kernel.auth.caller import Caller
from haneul.kernel.errors import Forbidden
from haneul.kernel.policy import Overrides, Policy, PolicyError, Rule, all_rules, rules_of

ProjectRule = partial(Rule, scope_types=("project",))

SHOW = ProjectRule("photo:show", "rule:project_reader", "Show a photo.")
DELETE = ProjectRule("photo:delete", "rule:project_member or rule:context_is_admin")
AUDIT = Rule("photo:audit", "role:reader and system_scope:all", scope_types=("system",))
OTHER = Rule("film:show", "role:reader", "A rule of another service.")

BASE = {
    "context_is_admin": "role:admin",
    "project_reader": "role:reader and project_id:%(project_id)s",
    "project_member": "role:member and project_id:%(project_id)s",
}

READER = Caller(user_id="u1", project_id="p1", roles=frozenset({"reader"}))
MEMBER = Caller(user_id="u2", project_id="p1", roles=frozenset({"reader", "member"}))
SYSTEM = Caller(user_id="u3", system_scope="all", roles=frozenset({"reader", "admin"}))


class Photo(msgspec.Struct):
    project_id: str = "p1"


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def start(tmp_path: Path, clock: Clock) -> Callable[[], Policy]:
    def started() -> Policy:
        return Policy([SHOW, DELETE, AUDIT], BASE, overrides=Overrides(tmp_path, "photo", clock))

    return started


def write(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)


def test_defaults_decide_without_files(start: Callable[[], Policy]) -> None:
    policy = start()
    assert policy.allows("photo:show", READER, Photo())
    assert not policy.allows("photo:delete", READER, Photo())
    assert policy.allows("photo:delete", MEMBER, Photo())


def test_a_refusal_carries_the_services_own_sentence() -> None:
    with pytest.raises(Forbidden, match="Policy doesn't allow photo:delete to be performed"):
        Policy([DELETE], BASE).enforce("photo:delete", READER, Photo())
    with pytest.raises(Forbidden, match="Not for you: photo:delete") as refusal:
        Policy([DELETE], BASE, forbidden="Not for you: {rule}").enforce("photo:delete", READER, Photo())
    assert refusal.value.rule == "photo:delete"
    Policy([DELETE], BASE).enforce("photo:delete", MEMBER, Photo())


def test_a_token_of_another_scope_is_refused_whatever_its_roles(start: Callable[[], Policy]) -> None:
    policy = start()
    assert policy.allows("photo:audit", SYSTEM)
    assert not policy.allows("photo:delete", SYSTEM, Photo())
    assert policy.explain("photo:delete", SYSTEM, Photo()).reasons == (
        "The token's scope is system, and the rule takes only project.",
    )


def test_a_scope_binds_the_rule_that_is_asked_and_not_those_it_builds_on() -> None:
    policy = Policy([AUDIT, Rule("photo:peek", "rule:photo:audit or role:reader")], BASE)
    assert policy.allows("photo:peek", READER)


def test_a_changed_file_counts_within_a_second(start: Callable[[], Policy], tmp_path: Path, clock: Clock) -> None:
    policy = start()
    write(tmp_path / "policy.yaml", '"photo:delete": "role:reader"\n')
    clock.now = 0.9
    assert not policy.allows("photo:delete", READER, Photo())
    clock.now = 1.0
    assert policy.allows("photo:delete", READER, Photo())
    (tmp_path / "policy.yaml").unlink()
    clock.now = 2.0
    assert not policy.allows("photo:delete", READER, Photo())


def test_the_files_are_looked_at_once_a_second_at_most(
    start: Callable[[], Policy], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = start()
    looks: list[float] = []
    seen = Overrides.stamp
    monkeypatch.setattr(Overrides, "stamp", lambda self: (looks.append(clock.now), seen(self))[1])
    for tenth in range(35):
        clock.now = tenth / 10
        policy.allows("photo:show", READER, Photo())
    assert looks == [1.0, 2.0, 3.0]


def test_overriding_a_base_rule_changes_what_builds_on_it(start: Callable[[], Policy], tmp_path: Path) -> None:
    write(tmp_path / "policy.yaml", "project_member: role:reader\n")
    assert start().allows("photo:delete", READER, Photo(project_id="p2"))


def test_the_services_own_file_wins_and_the_shared_file_may_name_others(
    start: Callable[[], Policy], tmp_path: Path
) -> None:
    write(tmp_path / "policy.json", '{"photo:show": "!"}')
    write(
        tmp_path / "policy.yaml", '"photo:show": "!"\n"film:show": "rule:only_films_have_this"\n"photo:delete": "@"\n'
    )
    write(tmp_path / "photo" / "policy.yaml", '"photo:show": "@"\n')
    policy = start()
    assert policy.allows("photo:show", Caller())
    assert policy.allows("photo:delete", Caller())


def test_json_and_list_forms_are_read(start: Callable[[], Policy], tmp_path: Path) -> None:
    write(tmp_path / "policy.json", '{"photo:delete": [["role:admin"], ["role:reader", "project_id:%(project_id)s"]]}')
    policy = start()
    assert policy.allows("photo:delete", READER, Photo())
    assert not policy.allows("photo:delete", READER, Photo(project_id="p2"))


def test_a_file_may_define_rules_of_its_own(
    start: Callable[[], Policy], tmp_path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    write(tmp_path / "policy.yaml", 'curators: "role:reader"\n"photo:delete": "rule:curators"\n')
    policy = start()
    clock.now = 1.0
    assert policy.allows("photo:delete", READER, Photo())
    assert not caplog.records


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('"photo:show": "rol:admin"', "policy.yaml: the rule 'photo:show' cannot be used: 'rol:admin' begins with"),
        ('"photo:show":', "policy.yaml: the rule 'photo:show' cannot be used: A rule is a text"),
        ('"photo:show": "http://judge/"', "policy.yaml: the rule 'photo:show' cannot be used: 'http://judge/' asks"),
        ('"photo:show": "rule:nowhere"', "The rule 'photo:show' refers to the rule 'nowhere', which is not defined."),
        ("context_is_admin: rule:context_is_admin", "The rule 'context_is_admin' refers back to itself"),
        ("photo: [", "policy.yaml cannot be read: while parsing a flow node"),
        ("- just\n- a list", "policy.yaml must map names of rules to expressions."),
    ],
)
def test_a_broken_file_leaves_the_former_rules_in_force(
    text: str,
    sentence: str,
    start: Callable[[], Policy],
    tmp_path: Path,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    write(tmp_path / "policy.yaml", '"photo:show": "role:member"\n')
    policy = start()
    write(tmp_path / "policy.yaml", text)
    for clock.now in (1.0, 2.0, 3.0):
        assert policy.allows("photo:show", MEMBER, Photo())
        assert not policy.allows("photo:show", READER, Photo())
    (line,) = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert line.startswith(sentence)
    assert line.endswith("The former rules stay in force.")
    assert "\n" not in line
    assert str(tmp_path) not in line
    write(tmp_path / "policy.yaml", '"photo:show": "role:reader"')
    clock.now = 4.0
    assert policy.allows("photo:show", READER, Photo())


def test_a_file_that_cannot_be_decoded_leaves_the_former_rules(
    start: Callable[[], Policy], tmp_path: Path, clock: Clock
) -> None:
    policy = start()
    (tmp_path / "policy.yaml").write_bytes(b"\xff\xfe\x00photo")
    (tmp_path / "photo").mkdir()
    (tmp_path / "photo" / "policy.yaml").mkdir()
    clock.now = 1.0
    assert policy.allows("photo:show", READER, Photo())


def test_a_broken_file_stops_the_start(start: Callable[[], Policy], tmp_path: Path) -> None:
    write(tmp_path / "photo" / "policy.yaml", '"photo:show": "role:"')
    with pytest.raises(PolicyError, match=r"photo/policy\.yaml: the rule 'photo:show' cannot be used: 'role:' is not"):
        start()


def test_a_name_that_no_service_has_is_told_once(
    start: Callable[[], Policy], tmp_path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    write(tmp_path / "policy.yaml", '"photo:shwo": "@"\n"film:show": "@"\n')
    policies = [start(), start()]
    for clock.now in (1.0, 2.0):
        for policy in policies:
            policy.allows("photo:show", READER, Photo())
    assert [record.getMessage() for record in caplog.records] == [
        "The policy files name the rule 'photo:shwo', which no service has; it has no effect."
    ]


def test_broken_defaults_are_refused_by_name() -> None:
    with pytest.raises(PolicyError, match="The rule 'photo:odd' cannot be used: 'odd' is not a check"):
        Policy([], {"photo:odd": "odd"})
    with pytest.raises(PolicyError, match="The rule 'photo:show' is declared twice"):
        Policy([SHOW, replace(SHOW, default="@")], BASE)


def test_rules_are_known_by_the_package_that_defines_them() -> None:
    assert [SHOW.module, DELETE.module] == [__name__, __name__]
    assert {SHOW, DELETE, AUDIT, OTHER} <= set(rules_of(__name__)) <= set(all_rules())
    assert rules_of("haneul.services.nowhere") == []


def test_one_module_defines_a_rule_once() -> None:
    assert Rule("photo:audit", AUDIT.default, scope_types=("system",)) == AUDIT
    with pytest.raises(ValueError, match="defines the rule 'photo:audit' twice"):
        Rule("photo:audit", "@")
    with pytest.raises(ValueError, match="names the scope 'world'"):
        Rule("photo:world", "@", scope_types=("world",))


@pytest.mark.parametrize(
    ("expression", "reasons", "roles"),
    [
        ("role:admin", ["The caller does not have the role admin."], ("admin",)),
        ("is_admin:True", ["The caller does not have the role admin."], ("admin",)),
        (
            "rule:project_member or rule:context_is_admin",
            ["The caller does not have the role member.", "The caller does not have the role admin."],
            ("admin", "member"),
        ),
        (
            "role:member and user_id:%(owner.id)s",
            [
                "The caller does not have the role member.",
                "The target has no owner.id, which the check user_id:%(owner.id)s needs.",
            ],
            (),
        ),
        ("project_id:%(target.kind)s", ["The caller's project_id is not the target's kind."], ()),
        ("system_scope:all", ["The caller's system_scope is not all."], ()),
        ("'x':%(kind)s or field:photo:kind=y", ["The target's kind is not x.", "The target's kind is not y."], ()),
        ("not role:reader and @", ["The rule excludes whoever meets role:reader."], ()),
        ("not (role:reader or role:x)", ["The rule excludes whoever meets role:reader."], ()),
        ("is_admin:True and is_admin:False", ["The caller does not have the role admin."], ()),
        ("!", ["The rule allows nobody."], ()),
        ("not @", ["The rule excludes everyone."], ()),
    ],
)
def test_an_explanation_names_what_stands_in_the_way(
    expression: str, reasons: list[str], roles: tuple[str, ...]
) -> None:
    policy = Policy([], {**BASE, "asked": expression})
    answer = policy.explain("asked", READER, Photo(), kind="secret-value")
    assert not answer.allowed
    assert list(answer.reasons) == reasons
    assert answer.sufficient_roles == roles
    assert "secret-value" not in answer.sentence


def test_an_explanation_is_one_paragraph() -> None:
    policy = Policy([DELETE, SHOW], BASE)
    assert policy.explain("photo:show", READER, Photo()).sentence == "The rule photo:show allows this."
    assert policy.explain("photo:delete", READER, Photo()).sentence == (
        "The rule photo:delete does not allow this. The caller does not have the role member. "
        "The caller does not have the role admin. The role admin or member would be enough."
    )
