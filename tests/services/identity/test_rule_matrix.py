"""Every rule against every persona in every scope: nobody is let through or refused but by Keystone's default rules."""

import re
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from tests.services.identity.matrix import catalog_cases, delegation_cases, grant_cases, people_cases, upstream
from tests.services.identity.matrix.personas import Persona
from tests.services.identity.matrix.scene import Answer, Case, Made, Scene
from tests.support.cloud import running_cloud
from tests.surface import DefaultRule, policies
from tools.generate_docs import all_services

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


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    with running_cloud() as running:
        yield Scene(running)


def test_every_rule_of_a_built_route_is_tried() -> None:
    assert len(ROWS) > 200
    assert {row.policy_name.partition(":")[2] for row in ROWS} == set(CASES)


@pytest.mark.parametrize("trial", TRIALS, ids=str)
def test_the_rule_decides_as_keystones_does(scene: Scene, trial: Trial) -> None:
    row, case = trial
    made = case.make(scene, row)
    wrong = []
    for persona in scene.personas[:: 5 if is_twin(row) else 1]:
        expected = allowed(row, persona, made)
        answer = ask(scene, row, persona, made)
        problem = judged(case, answer, expected) or leak(scene, trial, persona, answer)
        if problem:
            wrong.append(f"{persona.name}: {problem}")
        if answer.status < 300 and row.method in ("POST", "PUT", "DELETE"):
            made = case.make(scene, row)
    assert wrong == []
    assert scene.call(row.method, path(row, made, scene.personas[0]), body=made.body, **made.headers).status == 401


def allowed(row: DefaultRule, persona: Persona, made: Made) -> bool:
    if row.policy_name == "identity:get_auth_catalog" and not persona.credentials["project_id"]:
        # The rule lets everybody through; Keystone's code then wants a token for a project.
        return False
    return upstream.allows(row.policy_name, persona.credentials, made.seen_by(persona))


def path(row: DefaultRule, made: Made, persona: Persona) -> str:
    return row.path.strip().format_map(made.path_ids(persona)) + made.query


def ask(scene: Scene, row: DefaultRule, persona: Persona, made: Made) -> Answer:
    return scene.call(row.method, path(row, made, persona), persona.token, made.body, **made.headers)


def judged(case: Case, answer: Answer, expected: bool) -> str:
    """What is wrong with the answer. What is there already answers 409."""
    if answer.status == 403:
        return f"is refused: {answer.text}" if expected else ""
    if answer.status < 300 or answer.status in (409, *case.later):
        return "" if expected else f"is let through: {answer.status} {answer.text[:200]}"
    return f"neither allowed nor refused: {answer.status} {answer.text}"


def leak(scene: Scene, trial: Trial, persona: Persona, answer: Answer) -> str:
    """Another domain's things in a list that shows a domain its own, or none of those."""
    row, case = trial
    if answer.status != 200 or row.method != "GET" or not case.filtered(persona):
        return ""
    # The list's link to itself names the group that it is of.
    text = answer.text.replace(f"/groups/{scene.home.group_id}/users", "")
    own = {persona.domain_id, persona.credentials["project_domain_id"]}
    strange = [own_id for place in (scene.home, scene.away) if place.domain_id not in own for own_id in place.ids]
    found = [own_id for own_id in strange if own_id in text]
    if scene.home.domain_id in own and not any(own_id in text for own_id in scene.home.ids):
        return f"sees nothing of the own domain: {text}"
    return f"sees what is another domain's: {found}" if found else ""


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
