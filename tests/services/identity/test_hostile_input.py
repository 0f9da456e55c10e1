"""What callers write is never taken for a template, a pattern or a name of something else."""

import pytest
from tests.services.identity.people import make
from tests.support.cloud import Client

FRAGMENTS = ["{x.__class__}", "{0}", "{}", "{{id}}", "%s", "%(name)s", "$(project_id)s", "{name!r:>{width}}", "{"]
WILDCARDS = ["%", "_", "*", "?", "[a-z]", "\\", "\\%", "a%b_c*d?e[f]g\\h"]


@pytest.mark.parametrize("fragment", FRAGMENTS)
def test_no_fragment_of_a_template_is_filled(admin: Client, fragment: str) -> None:
    name = f"hostile {fragment}"
    assert make(admin, "project", name=name)["name"] == name
    twice = admin.post("identity", "/v3/projects", json={"project": {"name": name}})
    assert (twice.status_code, f"name is {name}," in twice.json()["error"]["message"]) == (409, True)
    assert make(admin, "user", name=name)["name"] == name
    for params in ({"sort_key": fragment}, {"marker": fragment}, {"limit": fragment}):
        answer = admin.get("identity", "/v3/users", params=params)
        assert (answer.status_code, fragment in answer.json()["error"]["message"]) == (400, True)
    sibling = admin.post("identity", "/v3/projects", json={"project": {"name": "a"}, fragment: 1})
    assert f"('{fragment}' was unexpected)" in sibling.json()["error"]["message"]


@pytest.mark.parametrize("how", ["contains", "icontains", "startswith", "istartswith", "endswith", "iendswith"])
def test_wildcards_of_databases_stand_for_themselves(admin: Client, how: str) -> None:
    for part in WILDCARDS:
        whole = make(admin, "user", name=f"{part} between {how} {part}")["name"]
        found = admin.get("identity", "/v3/users", params={f"name__{how}": part}).json()["users"]
        assert whole in {user["name"] for user in found}
        assert all(part.lower() in user["name"].lower() for user in found)


def test_an_update_of_nothing_is_told_in_so_many_words(admin: Client) -> None:
    answer = admin.patch("identity", f"/v3/users/{make(admin, 'user')['id']}", json={"user": {}})
    assert answer.status_code == 400
    message = "Invalid input for field/attribute user: {} does not have enough properties."
    assert answer.json()["error"]["message"] == message
