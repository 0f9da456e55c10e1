"""Lists of the network API, shown by ports: filters, sorting, pages both ways, and single fields."""

from typing import Any

import pytest
from tests.services.network.routed import asked, changed, made, refused, subnet
from tests.support.cloud import Client, RunningCloud
from tests.support.members import member_of, project_of

Thing = dict[str, Any]


class Row:
    """Five ports on one network."""

    def __init__(self, member: Client) -> None:
        self.subnet = subnet(member, "10.5.0.0/24", enable_dhcp=False)
        self.other = subnet(member, "10.6.0.0/24", self.subnet["network_id"], enable_dhcp=False)
        body = {"security_group": {"name": "one"}}
        self.group = asked(member, "POST", "/v2.0/security-groups", body).json()["security_group"]["id"]
        network_id = self.subnet["network_id"]
        self.ports = [
            made(member, "port", network_id=network_id, name="a", fixed_ips=[{"ip_address": "10.5.0.11"}]),
            made(member, "port", network_id=network_id, name="b", fixed_ips=[{"ip_address": "10.5.0.12"}]),
            made(member, "port", network_id=network_id, name="c", fixed_ips=[{"ip_address": "10.6.0.11"}]),
            made(member, "port", network_id=network_id, name="d", fixed_ips=[], admin_state_up=False),
            made(
                member,
                "port",
                network_id=network_id,
                name="e",
                security_groups=[self.group],
                device_id="a-server",
                device_owner="compute:nova",
                mac_address="fa:16:3e:00:00:01",
                description="the last",
                tags=["iron", "old"],
                fixed_ips=[{"ip_address": "10.5.0.13"}, {"ip_address": "10.6.0.13"}],
            ),
        ]


@pytest.fixture(scope="module")
def member(cloud: RunningCloud, admin: Client) -> Client:
    return member_of(cloud, admin, "garden")


@pytest.fixture(scope="module")
def row(member: Client) -> Row:
    return Row(member)


def names(client: Client, query: str) -> str:
    answer = asked(client, "GET", f"/v2.0/ports?{query}")
    assert answer.status_code == 200, answer.text
    return "".join(port["name"] for port in answer.json()["ports"])


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("name=b", "b"),
        ("name=a&name=e", "ae"),
        ("admin_state_up=False", "d"),
        ("admin_state_up=true&name=d", ""),
        ("status=DOWN", "abcde"),
        ("status=ACTIVE", ""),
        ("device_id=a-server", "e"),
        ("device_owner=compute:nova", "e"),
        ("device_owner=compute:nova&device_owner=", "abcde"),
        ("mac_address=fa:16:3e:00:00:01", "e"),
        ("description=the last", "e"),
        ("fixed_ips=ip_address=10.5.0.11", "a"),
        ("fixed_ips=ip_address=10.5.0.11&fixed_ips=ip_address=10.6.0.11", "ac"),
        ("fixed_ips=subnet_id={other}", "ce"),
        ("fixed_ips=subnet_id={other}&fixed_ips=ip_address=10.5.0.13", "e"),
        ("fixed_ips=ip_address_substr=5.0.1", "abe"),
        ("fixed_ips=ip_address_substr=%25", "abce"),
        ("fixed_ips=ip_address=10.5.0.99", ""),
        ("security_groups={group}", "e"),
        ("security_groups={group}&name=a", ""),
        ("tags=iron", "e"),
        ("tags=iron,new", ""),
        ("tags-any=iron,new", "e"),
        ("not-tags=iron", "abcd"),
        ("network_id={network}", "abcde"),
        ("tenant_id={project}", "abcde"),
        ("project_id=somebody", ""),
        ("revision_number=0", "abcde"),
        ("id={first}", "a"),
        ("binding:vnic_type=normal", "abcde"),
    ],
)
def test_filters(member: Client, row: Row, query: str, found: str) -> None:
    values = {
        "other": row.other["id"],
        "group": row.group,
        "network": row.subnet["network_id"],
        "project": project_of(member),
        "first": row.ports[0]["id"],
    }
    assert "".join(sorted(names(member, query.format(**values)))) == found


def test_sorting(member: Client, row: Row) -> None:
    assert names(member, "sort_key=name") == "abcde"
    assert names(member, "sort_key=name&sort_dir=desc") == "edcba"
    assert names(member, "sort_key=admin_state_up&sort_dir=asc&sort_key=name&sort_dir=desc") == "decba"
    in_order = sorted(row.ports, key=lambda port: str(port["id"]))
    assert names(member, "") == "".join(port["name"] for port in in_order), "by id, unless something else is asked for"
    for wrong in ("sort_key=colour", "sort_key=name&sort_dir=up", "sort_key=name&sort_dir=asc&sort_dir=asc"):
        assert asked(member, "GET", f"/v2.0/ports?{wrong}").status_code == 400, wrong


def links(answer: Any) -> dict[str, str]:
    return {link["rel"]: link["href"].partition("/v2.0")[2] for link in answer.json().get("ports_links", [])}


def test_pages_lead_to_the_end_and_back(member: Client, row: Row) -> None:
    path, seen = "/ports?limit=2&sort_key=name&sort_dir=asc", []
    while path:
        answer = asked(member, "GET", f"/v2.0{path}")
        seen.append("".join(port["name"] for port in answer.json()["ports"]))
        last, path = answer, links(answer).get("next", "")
    assert seen[:3] == ["ab", "cd", "e"]
    back: list[str] = []
    path = links(last).get("previous", "")
    while path and len(back) < 9:
        answer = asked(member, "GET", f"/v2.0{path}")
        assert answer.status_code == 200, answer.text
        back.append("".join(port["name"] for port in answer.json()["ports"]))
        path = links(answer).get("previous", "")
    assert back[:2] == ["cd", "ab"]


def test_a_page_before_a_marker(member: Client, row: Row) -> None:
    d, e = row.ports[3]["id"], row.ports[4]["id"]
    assert names(member, f"limit=2&marker={d}&page_reverse=True&sort_key=name") == "bc"
    assert names(member, f"limit=2&marker={d}&sort_key=name") == "e"
    assert names(member, f"limit=2&marker={e}&sort_key=name") == ""
    assert names(member, "limit=0&sort_key=name") == "abcde"
    assert asked(member, "GET", "/v2.0/ports?marker=nothing&limit=1").status_code in (400, 404)
    for wrong in (
        "limit=-1",
        "limit=two",
        "limit=9999999999999",
        "admin_state_up=maybe",
        "revision_number=x",
        "colour=red",
    ):
        assert asked(member, "GET", f"/v2.0/ports?{wrong}").status_code == 400, wrong


def test_an_empty_page_leads_back(member: Client, row: Row) -> None:
    after = asked(member, "GET", f"/v2.0/ports?limit=2&sort_key=name&sort_dir=asc&marker={row.ports[-1]['id']}")
    assert after.json()["ports"] == []
    assert links(after).keys() == {"previous"}
    last = asked(member, "GET", f"/v2.0{links(after)['previous']}").json()["ports"]
    assert "".join(port["name"] for port in last) == "de"


def test_single_fields(member: Client, row: Row) -> None:
    answer = asked(member, "GET", "/v2.0/ports?fields=name&fields=id&name=a").json()
    assert answer == {"ports": [{"name": "a", "id": row.ports[0]["id"]}]}
    alone = asked(member, "GET", f"/v2.0/ports/{row.ports[0]['id']}?fields=name").json()
    assert alone == {"port": {"name": "a"}}


def test_who_may_not_see_a_field_does_not_get_it_by_name(admin: Client, member: Client, row: Row) -> None:
    query = "fields=binding:host_id&fields=name&name=a"
    assert asked(member, "GET", f"/v2.0/ports?{query}").json() == {"ports": [{"name": "a"}]}
    assert asked(admin, "GET", f"/v2.0/ports?{query}").json() == {"ports": [{"name": "a", "binding:host_id": ""}]}


def test_a_change_shows_in_the_next_list(member: Client, row: Row) -> None:
    changed(member, "port", row.ports[0]["id"], description="changed")
    assert names(member, "description=changed") == "a"
    refused(asked(member, "GET", "/v2.0/ports/nothing"), 404, "PortNotFound")
