from tests.services.placement.making import BASE, at, error, new_id, provider
from tests.support.cloud import Client


def test_aggregates_are_replaced_under_the_generation_that_is_known(admin: Client) -> None:
    path, first, second = f"{BASE}/{provider(admin)}/aggregates", new_id(), new_id()
    body = {"aggregates": [first, second], "resource_provider_generation": 0}
    put = at(admin).put("placement", path, json=body)
    assert (put.status_code, put.json()) == (200, {**body, "resource_provider_generation": 1})
    assert at(admin).put("placement", path, json=body).status_code == 409
    one = {"aggregates": [second], "resource_provider_generation": 1}
    assert at(admin).put("placement", path, json=one).status_code == 200
    assert at(admin).get("placement", path).json() == {"aggregates": [second], "resource_provider_generation": 2}


def test_until_1_18_they_are_a_list_and_count_nothing(admin: Client) -> None:
    path, group = f"{BASE}/{provider(admin)}/aggregates", new_id()
    put = at(admin, "1.18").put("placement", path, json=[group])
    assert (put.status_code, put.json()) == (200, {"aggregates": [group]})
    assert at(admin).get("placement", path).json() == {"aggregates": [group], "resource_provider_generation": 0}
    assert at(admin, "1.0").get("placement", path).status_code == 404


def test_what_is_no_set_of_ids_is_refused(admin: Client) -> None:
    path, group = f"{BASE}/{provider(admin)}/aggregates", new_id()
    for ids, sentence in (
        ([group, group], "has non-unique elements"),
        (["here"], "'here' is not a 'uuid'"),
        ("here", "'here' is not of type 'array'"),
    ):
        body = {"aggregates": ids, "resource_provider_generation": 0}
        refused = at(admin).put("placement", path, json=body)
        assert refused.status_code == 400
        assert sentence in error(refused)["detail"]
    lost = at(admin).put("placement", f"{BASE}/{new_id()}/aggregates", json=[])
    assert lost.status_code == 404
