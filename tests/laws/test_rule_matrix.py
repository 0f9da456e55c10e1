"""Every rule against every persona in every scope: nobody is let through or refused but by Keystone's default rules."""

import re
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from tests.laws.matrix import catalog_cases, delegation_cases, grant_cases, people_cases, upstream
from tests.laws.matrix.personas import Persona
from tests.laws.matrix.scene import Answer, Case, Made, Scene
from tests.support.cloud import running_cloud
from tests.surface import DefaultRule, policies
from tools.generate_docs import all_services

CATALOG = "identity:get_auth_catalog"
CASES = {**catalog_cases.CASES, **people_cases.CASES, **grant_cases.CASES, **delegation_cases.CASES}


class Trial(NamedTuple):
    """One row of the table of rules, and one way of calling what it protects."""

    row: DefaultRule
    case: Case

    def __str__(self) -> str:
        row = self.row
        return " ".join(filter(None, (row.policy_name, row.method, row.path.strip(), self.case.variant)))


def shape(method: str, path: str) -> str:
    """GET routes answer HEAD too."""
    asked = re.sub(r"\{\w+\}", "{}", path.partition("?")[0].strip())
    return f"{'GET' if method == 'HEAD' else method} {asked}"


def rows() -> Iterator[DefaultRule]:
    """What stands in the table of rules and is built."""
    (identity,) = (service for service in all_services() if service.type == "identity")
    built = {shape(route.method, route.path) for route in identity.routes}
    yield from (row for row in policies("keystone") if shape(row.method, row.path) in built)


def cases(row: DefaultRule) -> list[Case]:
    """The first one alone where a row is much the same as another: all inherited roles are given by the same code."""
    found = CASES.get(row.policy_name.partition(":")[2], [])
    return found[:1] if is_twin(row) or "OS-INHERIT" in row.path else found


def is_twin(row: DefaultRule) -> bool:
    """HEAD under the rule of its GET: answered by the same route, so that a few personas tell."""
    return row.method == "HEAD" and row._replace(method="GET") in ROWS


ROWS = list(rows())
TRIALS = [Trial(row, case) for row in ROWS for case in cases(row)]


class Stage(NamedTuple):
    """The scene, and for each trial a call upon what stays there until the rule lets somebody take it away."""

    scene: Scene
    calls: dict[str, Made]


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """All is made first: any write has every token looked up anew, and most calls only read or are refused."""
    with running_cloud() as running:
        scene = Scene(running)
        yield Stage(scene, {str(trial): trial.case.make(scene, trial.row) for trial in TRIALS})


def test_every_rule_of_a_built_route_is_tried() -> None:
    assert len(ROWS) > 200
    assert {row.policy_name.partition(":")[2] for row in ROWS} == set(CASES)


@pytest.mark.parametrize("trial", TRIALS, ids=str)
def test_nobody_is_let_through_but_by_the_rule_and_nobody_refused_what_he_may_read(stage: Stage, trial: Trial) -> None:
    scene, made = stage.scene, stage.calls[str(trial)]
    reads, wrong = trial.row.method in ("GET", "HEAD"), []
    for persona in scene.personas[:: 5 if is_twin(trial.row) else 1]:
        expected = allowed(trial.row, persona, made)
        if reads or not expected:
            wrong += [f"{persona.name} {problem}" for problem in problems(scene, trial, persona, made)]
    assert wrong == []
    assert called(scene, trial.row, None, made).status == 401


@pytest.mark.parametrize("trial", [trial for trial in TRIALS if trial.row.method not in ("GET", "HEAD")], ids=str)
def test_nobody_is_refused_what_the_rule_lets_him_change(stage: Stage, trial: Trial) -> None:
    scene, made = stage.scene, stage.calls[str(trial)]
    able = [persona for persona in scene.personas if allowed(trial.row, persona, made)]
    wrong = [
        f"{persona.name} {problem}"
        for persona in able
        for problem in problems(scene, trial, persona, trial.case.make(scene, trial.row))
    ]
    assert able
    assert wrong == []


def allowed(row: DefaultRule, persona: Persona, made: Made) -> bool:
    if row.policy_name == CATALOG and not persona.credentials["project_id"]:
        # The rule lets everybody through; Keystone's code then wants a token for a project.
        return False
    return upstream.allows(row.policy_name, persona.credentials, made.seen_by(persona))


def called(scene: Scene, row: DefaultRule, persona: Persona | None, made: Made) -> Answer:
    ids = made.path_ids(persona or scene.owner)
    path = row.path.strip().format_map(ids) + made.query
    return scene.call(row.method, path, persona.token if persona else "", made.body, **made.headers)


def problems(scene: Scene, trial: Trial, persona: Persona, made: Made) -> Iterator[str]:
    """What is wrong with the answer that somebody gets. What is there already answers 409."""
    row, case = trial
    expected, answer = allowed(row, persona, made), called(scene, row, persona, made)
    if answer.status == 403:
        if expected or not names_the_rule(row, answer):
            yield f"is refused: {answer.text}"
    elif answer.status >= 300 and answer.status not in (409, *case.later):
        yield f"is neither allowed nor refused: {answer.status} {answer.text}"
    elif not expected:
        yield f"is let through: {answer.status} {answer.text[:200]}"
    else:
        unseen = case.unseen(scene, persona)
        yield from (f"sees what is another's: {own_id}" for own_id in unseen if own_id in answer.text)
        if scene.away.domain_id in unseen and persona.name == "reader of the domain" and row.method == "GET":
            assert any(own_id in answer.text for own_id in scene.home.ids), answer.text


def names_the_rule(row: DefaultRule, answer: Answer) -> bool:
    """Whether it is the rule that refuses, and no later check. The catalog's has a sentence of its own."""
    return row.method == "HEAD" or row.policy_name in answer.text or row.policy_name == CATALOG


def test_the_expectation_reads_rules_as_oslo_policy_does() -> None:
    token = {"roles": ("reader",), "domain_id": None, "user_id": "a", "token": {"user": {"id": "a"}}}
    for check, expected in {
        "": True,
        "role:reader or role:x and role:y": True,
        "(role:reader or role:x) and role:y": False,
        "not role:reader or (role:x or role:reader)": True,
        "not (role:reader and user_id:%(owner)s)": False,
        "user_id:%(absent)s": False,
        "token.user.id:%(owner)s": True,
        "token.domain.id:%(none)s": False,
        "domain_id:%(none)s and not None:%(none)s": False,
        "None:%(none)s": True,
        "'a':%(owner)s and domain_id:None": True,
    }.items():
        assert upstream.holds(check, token, {"owner": "a", "none": None}) is expected, check
