import pytest
from tests.services.placement.making import BASE, at, error, generation, new_trait, provider
from tests.support.cloud import Client


def names(admin: Client, query: str = "") -> list[str]:
    found: list[str] = at(admin).get("placement", f"/traits{query}").json()["traits"]
    return found


def test_the_standard_traits_are_there(admin: Client) -> None:
    found = names(admin)
    assert {"HW_CPU_X86_VMX", "COMPUTE_NODE", "MISC_SHARES_VIA_AGGREGATE"} <= set(found)
    assert at(admin).get("placement", "/traits/HW_CPU_X86_VMX").status_code == 204
    kept = at(admin).delete("placement", "/traits/HW_CPU_X86_VMX")
    assert (kept.status_code, "Cannot delete standard trait" in error(kept)["detail"]) == (400, True)


def test_a_trait_of_ones_own_is_made_once_listed_and_deleted(admin: Client) -> None:
    name = new_trait(admin)
    again = at(admin).put("placement", f"/traits/{name}")
    assert (again.status_code, again.headers["Location"].endswith(f"/traits/{name}")) == (204, True)
    assert names(admin, f"?name=in:{name},CUSTOM_NOBODY") == [name]
    assert names(admin, f"?name=startswith:{name[:30]}&associated=false") == [name]
    assert at(admin).delete("placement", f"/traits/{name}").status_code == 204
    assert at(admin).get("placement", f"/traits/{name}").status_code == 404
    assert at(admin).delete("placement", f"/traits/{name}").status_code == 404


@pytest.mark.parametrize("name", ["CUSTOM_", "custom_x", "HW_CPU_X86_NEW", "CUSTOM_a", "CUSTOM_" + "X" * 250])
def test_a_bad_name_is_refused(admin: Client, name: str) -> None:
    refused = at(admin).put("placement", f"/traits/{name}")
    assert (refused.status_code, "The trait is invalid." in error(refused)["detail"]) == (400, True)


def test_a_provider_has_just_the_traits_that_it_is_given(admin: Client) -> None:
    mine, provider_id = new_trait(admin), provider(admin)
    path = f"{BASE}/{provider_id}/traits"
    body = {"traits": [mine, "HW_CPU_X86_VMX"], "resource_provider_generation": 0}
    put = at(admin).put("placement", path, json=body)
    assert put.json() == {"traits": ["HW_CPU_X86_VMX", mine], "resource_provider_generation": 1}
    assert at(admin).get("placement", path).json() == put.json()
    assert names(admin, f"?name=startswith:{mine}&associated=true") == [mine]
    used = at(admin).delete("placement", f"/traits/{mine}")
    assert (used.status_code, "is in use by a resource provider" in error(used)["detail"]) == (409, True)
    stale = at(admin).put("placement", path, json=body)
    assert (stale.status_code, error(stale)["code"]) == (409, "placement.concurrent_update")
    same = at(admin).put("placement", path, json={**body, "resource_provider_generation": 1})
    assert same.json()["resource_provider_generation"] == 1
    assert at(admin).delete("placement", path).status_code == 204
    assert generation(admin, provider_id) == 2
    unknown = {"traits": ["CUSTOM_NOBODY"], "resource_provider_generation": 2}
    refused = at(admin).put("placement", path, json=unknown)
    assert (refused.status_code, "No such trait CUSTOM_NOBODY" in error(refused)["detail"]) == (400, True)


def test_filters_that_make_no_sense_are_refused(admin: Client) -> None:
    for query, sentence in (
        ("name=in_abc", 'Got: "in_abc"'),
        ("associated=perhaps", 'only accepts "true" or "false"'),
        ("color=blue", "Additional properties are not allowed"),
    ):
        refused = at(admin).get("placement", f"/traits?{query}")
        assert (refused.status_code, sentence in error(refused)["detail"]) == (400, True)
    assert at(admin, "1.5").get("placement", "/traits").status_code == 404
