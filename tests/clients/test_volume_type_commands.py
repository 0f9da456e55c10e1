"""The unmodified client's commands of volume types, QoS specifications and group types, each of them run."""

import pytest

from tests.clients.command_walk import Walk
from tests.clients.openstack_cli import OpenStackCli
from tests.support.cloud import PASSWORD, RunningCloud

TYPE = "access_project_ids, description, id, is_public, name, properties"
MADE = "description, id, is_public, name, properties"
GROUP_TYPE = "ID, Name, Description, Is Public, Properties"


@pytest.fixture
def newest(cloud: RunningCloud) -> Walk:
    """A shell that speaks the newest version of the block storage API."""
    variables = {
        "OS_AUTH_URL": f"{cloud.url('identity')}/v3",
        "OS_USERNAME": "admin",
        "OS_PASSWORD": PASSWORD,
        "OS_PROJECT_NAME": "admin",
        "OS_USER_DOMAIN_NAME": "Default",
        "OS_PROJECT_DOMAIN_NAME": "Default",
        "OS_REGION_NAME": "RegionOne",
        "OS_VOLUME_API_VERSION": "3.71",
    }
    return Walk(OpenStackCli.sourced(variables))


def test_volume_types(walk: Walk) -> None:
    made = walk.shown("volume type create fast --description 'On flash' --property vendor_name=Acme", MADE)
    assert (made["name"], made["is_public"], made["properties"]) == ("fast", True, {"vendor_name": "Acme"})
    walk.refused("volume type create fast", "Volume Type fast already exists.")
    options = "--property a=b --multiattach --replicated --availability-zone nova --description Quick"
    walk.does(f"volume type set {options} fast")
    shown = walk.shown("volume type show fast", TYPE)
    wanted = {"vendor_name": "Acme", "a": "b", "multiattach": "<is> True", "replication_enabled": "<is> True"}
    assert shown["properties"] == {**wanted, "RESKEY:availability_zones": "nova"}
    assert shown["description"] == "Quick"
    walk.does("volume type unset --property a --property vendor_name fast")
    assert "a" not in walk.json("volume type show fast")["properties"]
    listed = walk.listed("volume type list --long", "ID, Name, Is Public, Description, Properties")
    assert {one["Name"] for one in listed} == {"fast", "__DEFAULT__"}
    assert walk.names("volume type list --default") == ["__DEFAULT__"]
    walk.does("volume type set --name faster fast")
    walk.does("volume type delete faster")
    walk.refused("volume type show faster", "faster")


def test_private_types(walk: Walk) -> None:
    made = walk.json("volume type create secret --private --project admin")
    walk.does("volume type unset --project admin secret", "volume type set --project admin secret")
    assert len(walk.json("volume type show secret")["access_project_ids"]) == 1
    assert walk.names("volume type list --private") == ["secret"]
    assert walk.names("volume type list --public")
    walk.does("volume type set --public secret")
    assert walk.json("volume type show secret")["is_public"] is True
    walk.does(f"volume type delete {made['id']}")


def test_encrypted_types(walk: Walk) -> None:
    options = "--encryption-provider luks --encryption-cipher aes-xts-plain64 --encryption-key-size 256"
    made = walk.json(f"volume type create sealed {options}")
    told = {"provider": "luks", "cipher": "aes-xts-plain64", "key_size": 256, "control_location": "front-end"}
    assert made["encryption"].items() >= told.items()
    walk.does("volume type set --encryption-key-size 128 sealed")
    shown = walk.json("volume type show --encryption-type sealed")["encryption"]
    assert (shown["key_size"], shown["provider"]) == (128, "luks")
    assert walk.json("volume type list --encryption-type")
    walk.does("volume type unset --encryption-type sealed")
    walk.does("volume type set --encryption-provider plain sealed", "volume type delete sealed")


def test_qos(walk: Walk) -> None:
    walk.json("volume type create limited")
    options = "--consumer front-end --property read_iops_sec=2000"
    made = walk.shown(f"volume qos create slow {options}", "consumer, id, name, properties")
    assert (made["consumer"], made["properties"]) == ("front-end", {"read_iops_sec": "2000"})
    walk.does("volume qos set --property write_iops_sec=1000 slow", "volume qos associate slow limited")
    shown = walk.shown("volume qos show slow", "associations, consumer, id, name, properties")
    assert shown["associations"] == ["limited"]
    assert shown["properties"] == {"read_iops_sec": "2000", "write_iops_sec": "1000"}
    walk.does("volume qos unset --property read_iops_sec slow")
    (listed,) = walk.listed("volume qos list", "ID, Name, Consumer, Associations, Properties")
    assert (listed["Associations"], listed["Properties"]) == (["limited"], {"write_iops_sec": "1000"})
    walk.refused("volume qos delete slow", "Qos specs still in use.")
    walk.does("volume qos disassociate --volume-type limited slow", "volume qos associate slow limited")
    walk.does("volume qos disassociate --all slow", "volume qos associate slow limited")
    walk.does("volume qos set --no-property slow", "volume qos delete --force slow", "volume type delete limited")


def test_group_types(newest: Walk) -> None:
    made = newest.shown("volume group type create steady --description 'All at once'", GROUP_TYPE)
    assert (made["Name"], made["Is Public"]) == ("steady", True)
    newest.json("volume group type set steady --property consistent=yes")
    newest.json(f"volume group type set {made['ID']} --name firm")
    shown = newest.shown("volume group type show firm", GROUP_TYPE)
    assert shown["Properties"] == {"consistent": "yes"}
    newest.json("volume group type set --no-property firm")
    (listed,) = newest.listed("volume group type list", "ID, Name, Is Public, Group Specs")
    assert (listed["Name"], listed["Group Specs"]) == ("firm", {})
    newest.refused("volume group type list --default", "Default group type can not be found.")
    newest.does("volume group type delete firm")
