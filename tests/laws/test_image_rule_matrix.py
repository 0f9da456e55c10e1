"""Every rule of images against every persona: nobody is let through, refused or told of an image but as Glance does."""

import re
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from tests.clients.conformance import conforming_cloud
from tests.laws.matrix import image_cases, metadef_cases
from tests.laws.matrix.glance import ALLOWED, DEFAULTS, in_database, verdict
from tests.laws.matrix.image_scene import IMAGE_VISIBILITIES, NAMESPACE_VISIBILITIES, Case, ImageScene, Made
from tests.laws.matrix.personas import Persona
from tests.laws.matrix.scene import Answer
from tests.surface import policies
from tools.generate_docs import all_services

CASES = {**image_cases.CASES, **metadef_cases.CASES}
CALLS = {**image_cases.CALLS, **metadef_cases.CALLS}
NAMESPACE = metadef_cases.NAMESPACE
# What the table's rules protect by Glance's own code, where the table names another call.
CALLED = {
    "get_image_location": ("DELETE", "/v2/stores/{store_id}/{image_id}"),
    "modify_metadef_property": ("PUT", f"{NAMESPACE}/properties/{{property_name}}"),
    "remove_metadef_resource_type_association": ("DELETE", f"{NAMESPACE}/resource_types/{{name}}"),
}
# Where things of a kind are listed, and by which rule.
LISTS = {
    "image": ("/v2/images?visibility=all&member_status=all&limit=1000", "get_images"),
    "namespace": ("/v2/metadefs/namespaces?limit=1000", "get_metadef_namespaces"),
}
OPEN = re.compile(r"/|/versions|/v2/schemas/.*|/v2/info/(import|stores|usage)")


class Trial(NamedTuple):
    """One rule, one call that it protects, and one thing to call."""

    rule: str
    method: str
    path: str
    case: Case

    def __str__(self) -> str:
        return " ".join(filter(None, (self.rule, self.method, self.path, self.case.variant)))

    @property
    def rules(self) -> tuple[str, ...]:
        return (self.rule, *self.case.also)


def trials() -> Iterator[Trial]:
    told = {(rule.policy_name, *CALLED.get(rule.policy_name, (rule.method, rule.path))) for rule in policies("glance")}
    for rule, method, path in sorted(told | CALLS.keys()):
        yield from (Trial(rule, method, path, case) for case in CALLS.get((rule, method, path)) or CASES[rule])


TRIALS = list(trials())


class Stage(NamedTuple):
    """The scene, and for each trial a call upon what stays there until the rule lets somebody take it away."""

    scene: ImageScene
    calls: dict[str, Made]


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with conforming_cloud() as running:
        scene = ImageScene(running)
        yield Stage(scene, {str(trial): trial.case.make(scene) for trial in TRIALS})


def shape(method: str, path: str) -> str:
    return f"{method} {re.sub(r'{[a-z_]+}', '{}', path)}"


def test_every_rule_and_every_route_is_tried() -> None:
    (image,) = (service for service in all_services() if service.type == "image")
    built = {shape(route.method, route.path) for route in image.routes if not OPEN.fullmatch(route.path)}
    assert {shape(trial.method, trial.path) for trial in TRIALS} == built
    assert {trial.rule for trial in TRIALS} == DEFAULTS.keys()


@pytest.mark.parametrize("trial", TRIALS, ids=str)
def test_everybody_gets_what_the_rules_say(stage: Stage, trial: Trial) -> None:
    scene, made = stage.scene, stage.calls[str(trial)]
    found = {persona.name: problem(scene, trial, made, persona) for persona in scene.personas}
    assert {name: said for name, said in found.items() if said} == {}
    assert scene.call(trial.method, trial.path.format_map(made.ids), "", made).status == 401


def problem(scene: ImageScene, trial: Trial, made: Made, persona: Persona) -> str:
    """What is wrong with the answer that somebody gets; empty if nothing is."""
    expected = verdict(trial.rules, persona.credentials, scene.seen_by(persona, made), trial.case.kind)
    if expected == ALLOWED and trial.case.spends:
        made = trial.case.make(scene)
    answer = scene.call(trial.method, trial.path.format_map(made.ids), persona.token, made)
    is_right = is_answer(trial.case, answer) if expected == ALLOWED else answer.status == expected
    return "" if is_right else f"gets {answer.status} for {expected}: {plain(answer.text)}"


def is_answer(case: Case, answer: Answer) -> bool:
    """Whether the rules let the call through, however it ends."""
    return (
        answer.status < 300
        or answer.status in case.later
        or any(isinstance(said, str) and said in answer.text for said in case.later)
    )


def plain(html: str) -> str:
    return " ".join(re.sub(r"<title>.*</title>|<[^>]*>", " ", html).split())[:200]


@pytest.mark.parametrize("kind", LISTS)
def test_everybody_sees_in_lists_what_he_sees_by_itself(stage: Stage, kind: str) -> None:
    scene, (path, rule) = stage.scene, LISTS[kind]
    if kind == "image":
        things = {scene.image(visibility): scene.image_seen(visibility) for visibility in IMAGE_VISIBILITIES}
    else:
        things = {
            scene.namespace(visibility): scene.namespace_seen(visibility) for visibility in NAMESPACE_VISIBILITIES
        }
    for persona in scene.personas:
        answer = scene.call("GET", path, persona.token, Made())
        is_let = verdict([rule], persona.credentials, scene.seen_by(persona, Made()), "") == ALLOWED
        seen = {own_id for own_id, target in things.items() if is_let and in_database(persona.credentials, target)}
        assert (answer.status == ALLOWED) is is_let, persona.name
        assert {own_id for own_id in things if own_id in answer.text} == seen, persona.name


def test_whoever_has_a_token_learns_what_the_service_can(stage: Stage) -> None:
    scene = stage.scene
    for path in ("/v2/schemas/image", "/v2/info/import", "/v2/info/stores", "/v2/info/usage"):
        statuses = {persona.name: scene.call("GET", path, persona.token, Made()).status for persona in scene.personas}
        assert {name: status for name, status in statuses.items() if status != ALLOWED} == {}, path
