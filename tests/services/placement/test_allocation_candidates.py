from typing import Any

import pytest
from tests.services.placement.making import allocate, at, error, new_class, new_id, new_trait, provider
from tests.support.cloud import Client

from haneul.services.placement.allocation_candidates import combining

SHARES = "MISC_SHARES_VIA_AGGREGATE"


def found(admin: Client, query: str, version: str = "1.39") -> dict[str, Any]:
    answer = at(admin, version).get("placement", f"/allocation_candidates?{query}")
    assert answer.status_code == 200, answer.text
    candidates: dict[str, Any] = answer.json()
    return candidates


def choices(admin: Client, query: str, version: str = "1.39") -> list[dict[str, dict[str, int]]]:
    """What each candidate would take, by provider."""
    requests = found(admin, query, version)["allocation_requests"]
    return [{one: taken["resources"] for one, taken in request["allocations"].items()} for request in requests]


def as_sets(candidates: list[dict[str, dict[str, int]]]) -> set[frozenset[str]]:
    return {frozenset(candidate) for candidate in candidates}


def test_every_host_with_room_is_a_candidate(admin: Client) -> None:
    cpu, ram = new_class(admin), new_class(admin)
    big, small = (provider(admin, has={cpu: size, ram: 10 * size}) for size in (8, 2))
    query = f"resources={cpu}:2,{ram}:5"
    assert as_sets(choices(admin, query)) == {frozenset({big}), frozenset({small})}
    assert allocate(admin, new_id(), {small: {cpu: 1}}).status_code == 204
    answer = found(admin, query)
    assert answer["allocation_requests"] == [
        {"allocations": {big: {"resources": {cpu: 2, ram: 5}}}, "mappings": {"": [big]}}
    ]
    assert answer["provider_summaries"] == {
        big: {
            "resources": {cpu: {"capacity": 8, "used": 0}, ram: {"capacity": 80, "used": 0}},
            "traits": [],
            "parent_provider_uuid": None,
            "root_provider_uuid": big,
        }
    }
    assert len(choices(admin, f"resources={cpu}:1&limit=1")) == 1
    assert choices(admin, f"resources={cpu}:9") == []


def test_older_versions_answer_in_older_forms(admin: Client) -> None:
    cpu, ram = new_class(admin), new_class(admin)
    host = provider(admin, has={cpu: 8, ram: 8}, traits=("COMPUTE_NODE",))
    query = f"resources={cpu}:2"
    listed = {"allocations": [{"resource_provider": {"uuid": host}, "resources": {cpu: 2}}]}
    resources = {"resources": {cpu: {"capacity": 8, "used": 0}}}
    assert found(admin, query, "1.11") == {"allocation_requests": [listed], "provider_summaries": {host: resources}}
    assert found(admin, query, "1.12")["allocation_requests"] == [{"allocations": {host: {"resources": {cpu: 2}}}}]
    assert found(admin, query, "1.17")["provider_summaries"][host] == {**resources, "traits": ["COMPUTE_NODE"]}
    assert set(found(admin, query, "1.27")["provider_summaries"][host]["resources"]) == {cpu, ram}
    assert at(admin, "1.9").get("placement", f"/allocation_candidates?{query}").status_code == 404


def test_traits_and_aggregates_choose_among_hosts(admin: Client) -> None:
    cpu, fast, hot, group, other = new_class(admin), new_trait(admin), new_trait(admin), new_id(), new_id()
    plain = provider(admin, has={cpu: 8}, aggregates=(group,))
    quick = provider(admin, has={cpu: 8}, traits=(fast,), aggregates=(group, other))
    burning = provider(admin, has={cpu: 8}, traits=(fast, hot))

    def hosts(query: str) -> set[str]:
        return {one for candidate in choices(admin, f"resources={cpu}:1&{query}") for one in candidate}

    assert hosts(f"required={fast}") == {quick, burning}
    assert hosts(f"required={fast},!{hot}") == {quick}
    assert hosts(f"required=in:{fast},{hot}&required=!{fast}") == set()
    assert hosts(f"member_of={group}") == {plain, quick}
    assert hosts(f"member_of={group}&member_of=!{other}") == {plain}
    assert hosts(f"member_of=in:{other},{new_id()}") == {quick}
    assert hosts(f"member_of={new_id()}") == set()
    assert hosts(f"in_tree={plain}") == {plain}
    assert hosts(f"root_required={fast},!{hot}") == {quick}


def test_a_tree_gives_together_what_no_part_of_it_could(admin: Client) -> None:
    cpu, card, wanted = new_class(admin), new_class(admin), new_trait(admin)
    host = provider(admin, has={cpu: 8})
    left = provider(admin, has={card: 2}, parent=host)
    right = provider(admin, has={card: 2}, traits=(wanted,), parent=host)
    provider(admin, has={cpu: 8})
    query = f"resources={cpu}:1,{card}:1"
    assert as_sets(choices(admin, query)) == {frozenset({host, left}), frozenset({host, right})}
    assert as_sets(choices(admin, f"{query}&required={wanted}")) == {frozenset({host, right})}
    assert as_sets(choices(admin, f"{query}&required=!{wanted}")) == {frozenset({host, left})}
    assert choices(admin, query, "1.28") == []
    summaries = found(admin, f"{query}&limit=1")["provider_summaries"]
    assert set(summaries) == {host, left, right}
    assert summaries[left]["parent_provider_uuid"] == summaries[left]["root_provider_uuid"] == host


def test_a_shared_pool_serves_the_hosts_of_its_aggregate(admin: Client) -> None:
    cpu, disk, group = new_class(admin), new_class(admin), new_id()
    pool = provider(admin, has={disk: 100}, traits=(SHARES,), aggregates=(group,))
    inside = provider(admin, has={cpu: 8}, aggregates=(group,))
    both = provider(admin, has={cpu: 8, disk: 10}, aggregates=(group,))
    provider(admin, has={cpu: 8})
    query = f"resources={cpu}:1,{disk}:5"
    assert as_sets(choices(admin, query)) == {frozenset({inside, pool}), frozenset({both, pool}), frozenset({both})}
    granular = f"resources={cpu}:1&resources_DISK={disk}:5"
    assert as_sets(choices(admin, granular)) == {frozenset({inside, pool}), frozenset({both, pool}), frozenset({both})}
    assert as_sets(choices(admin, f"{query}&in_tree={both}")) == {frozenset({both})}


def test_numbered_groups_may_share_a_provider_or_not(admin: Client) -> None:
    port = new_class(admin)
    host = provider(admin)
    first, second = (provider(admin, has={port: 4}, parent=host) for _ in range(2))
    query = f"resources1={port}:2&resources2={port}:2&group_policy="
    assert as_sets(choices(admin, query + "none")) == {
        frozenset({first}),
        frozenset({second}),
        frozenset({first, second}),
    }
    isolated = found(admin, query + "isolate")["allocation_requests"]
    assert sorted(one["mappings"]["1"] for one in isolated) == sorted([[first], [second]])
    assert all(one["mappings"]["1"] != one["mappings"]["2"] for one in isolated)
    too_much = f"resources1={port}:3&resources2={port}:3&group_policy=none"
    assert as_sets(choices(admin, too_much)) == {frozenset({first, second})}


def test_same_subtree_keeps_parts_close(admin: Client) -> None:
    cpu, card, node = new_class(admin), new_class(admin), new_trait(admin)
    host = provider(admin)
    near, far = (provider(admin, has={cpu: 4}, traits=(node,), parent=host) for _ in range(2))
    beside = provider(admin, has={card: 1}, parent=near)
    query = f"resources_CPU={cpu}:1&resources_CARD={card}:1&group_policy=none"
    assert as_sets(choices(admin, query)) == {frozenset({near, beside}), frozenset({far, beside})}
    assert as_sets(choices(admin, query + "&same_subtree=_CPU,_CARD")) == {frozenset({near, beside})}
    anchor = f"resources_CARD={card}:1&required_NODE={node}&same_subtree=_CARD,_NODE&group_policy=none"
    mappings = [one["mappings"] for one in found(admin, anchor)["allocation_requests"]]
    assert mappings == [{"_CARD": [beside], "_NODE": [near]}]


def test_many_combinations_are_given_up_early_and_cut_off(admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    port = new_class(admin)
    host = provider(admin)
    for _ in range(6):
        provider(admin, has={port: 1}, parent=host)
    groups = "&".join(f"resources{number}={port}:1" for number in range(1, 7))
    assert len(choices(admin, f"{groups}&group_policy=isolate&limit=20")) == 20
    assert choices(admin, f"{groups}&resources7={port}:1&group_policy=isolate") == []
    monkeypatch.setattr(combining, "MOST_STEPS", 30)
    assert 0 < len(choices(admin, f"{groups}&group_policy=isolate&limit=20")) < 20


@pytest.mark.parametrize(
    ("version", "query", "sentence"),
    [
        ("1.10", "", "'resources' is a required property"),
        ("1.15", "resources=VCPU:1&limit=5", "'limit' was unexpected"),
        ("1.39", "resources=VCPU:1&limit=0", "Failed validating 'pattern'"),
        ("1.24", "resources=VCPU:1&resources1=VCPU:1", "'resources1' was unexpected"),
        ("1.32", "resources_A=VCPU:1", "'resources_A' does not match any of the regexes"),
        ("1.25", "", "At least one request group (`resources` or `resources{$S}`) is required."),
        ("1.25", "required=HW_CPU_X86_VMX", "orphaned traits keys: required"),
        ("1.25", "resources=VCPU:1&member_of2=" + "0" * 32, "orphaned member_of keys: member_of2"),
        ("1.39", "resources1=VCPU:1&resources2=VCPU:1", 'The "group_policy" parameter is required'),
        ("1.39", "resources=VCPU:1&group_policy=odd", "'odd' is not one of ['none', 'isolate']"),
        ("1.39", "required=HW_CPU_X86_VMX", "There must be at least one resources or resources[$S] parameter."),
        ("1.39", "resources=VCPU:1&required1=HW_CPU_X86_VMX", "should be specified in `same_subtree`"),
        ("1.39", "resources1=VCPU:1&same_subtree=1,2", "Real suffixes should be specified in `same_subtree`"),
        ("1.39", "resources1=VCPU:1&same_subtree=1,", "Empty string (unsuffixed group)"),
        ("1.39", "resources=VCPU:1&root_required=A&root_required=B", "may be specified only once"),
        ("1.39", "resources=VCPU:1&root_required=A,!A", "Conflicting required and forbidden traits"),
        ("1.39", "resources=VCPU:1&required=HW_CPU_X86_VMX,!HW_CPU_X86_VMX", "in the following traits keys: required"),
        ("1.39", "resources=VCPU:1&required=CUSTOM_NOBODY", "No such trait(s): CUSTOM_NOBODY."),
        ("1.39", "resources=CUSTOM_NOTHING:1", "Invalid resource class in resources parameter"),
        ("1.39", "resources=VCPU:1&in_tree=here", "Expected 'in_tree' parameter to be a format of uuid"),
    ],
)
def test_a_query_that_makes_no_sense_says_why(admin: Client, version: str, query: str, sentence: str) -> None:
    refused = at(admin, version).get("placement", f"/allocation_candidates?{query}")
    assert refused.status_code == 400
    assert sentence in error(refused)["detail"]
