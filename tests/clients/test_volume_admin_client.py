"""What the real client shows and does of block storage's administration."""

from collections.abc import Iterator

import pytest

from tests.clients.openstack_cli import OpenStackCli
from tests.support.cloud import RunningCloud
from tests.support.hosts import eventually, simulated_host

BACKEND = "host-1@file"
AT = "--os-volume-api-version 3.71"


@pytest.fixture(scope="module", autouse=True)
def host(cloud: RunningCloud) -> Iterator[None]:
    with simulated_host(cloud):
        yield


@pytest.fixture(scope="module")
def cli(cloud: RunningCloud) -> OpenStackCli:
    return OpenStackCli(cloud)


def done(cli: OpenStackCli, command: str) -> None:
    said = cli.run(f"{AT} {command}")
    assert said.code == 0, said.err


def test_services_are_listed_and_switched(cli: OpenStackCli) -> None:
    def backend() -> dict[str, str]:
        found = cli.json(f"{AT} volume service list --long --host host-1 --service cinder-volume")
        return next(iter(found), {})

    eventually(backend)
    assert (backend()["Binary"], backend()["Host"], backend()["State"]) == ("cinder-volume", BACKEND, "up")
    assert {one["Binary"] for one in cli.json("volume service list")} == {"cinder-volume", "cinder-scheduler"}
    done(cli, f"volume service set --disable --disable-reason repair {BACKEND} cinder-volume")
    assert (backend()["Status"], backend()["Disabled Reason"]) == ("disabled", "repair")
    done(cli, f"volume service set --enable {BACKEND} cinder-volume")
    assert backend()["Status"] == "enabled"
    done(cli, f"volume host set --disable {BACKEND}")
    assert backend()["Disabled Reason"] == "frozen"
    done(cli, f"volume host set --enable {BACKEND}")
    refused = cli.run(f"{AT} volume host failover --volume-backend there {BACKEND}")
    assert refused.code == 1
    assert "to failover" in refused.err


def test_back_ends_are_described(cli: OpenStackCli) -> None:
    (pool,) = eventually(lambda: cli.json("volume backend pool list"))  # type: ignore[misc]
    assert pool == {"Name": f"{BACKEND}#fake"}
    (pool,) = cli.json("volume backend pool list --long")
    assert pool["Capabilities"]["vendor_name"] == "haneul"
    found = cli.json(f"volume backend capability show {BACKEND}")
    assert {one["Key"] for one in found} == {"thin_provisioning", "compression", "qos", "replication_enabled"}
    (zone,) = cli.json("availability zone list --volume")
    assert (zone["Zone Name"], zone["Zone Status"]) == ("nova", "available")


def test_quotas_are_shown_and_set(cli: OpenStackCli) -> None:
    done(cli, "quota set --volumes 7 --gigabytes 70 --per-volume-gigabytes 60 admin")
    done(cli, "quota set --volumes 3 --volume-type __DEFAULT__ admin")
    told = {one["Resource"]: one["Limit"] for one in cli.json("quota show --volume admin")}
    assert (told["volumes"], told["gigabytes"], told["volumes___DEFAULT__"]) == (7, 70, 3)
    used = {one["Resource"]: one for one in cli.json("quota show --usage --volume admin")}
    assert used["volumes"]["In Use"] == 0
    defaults = {one["Resource"]: one["Limit"] for one in cli.json("quota show --default --volume admin")}
    assert defaults["volumes"] == 10
    done(cli, "quota set --default --snapshots 11")
    defaults = {one["Resource"]: one["Limit"] for one in cli.json("quota show --default --volume admin")}
    assert defaults["snapshots"] == 11
    limits = {one["Name"]: one["Value"] for one in cli.json("limits show --absolute")}
    assert (limits["max_total_volumes"], limits["total_volumes_used"]) == (7, 0)
    (listed,) = cli.json("quota list --volume")
    assert listed["Volumes"] == 7
    done(cli, "quota delete --volume admin")
    told = {one["Resource"]: one["Limit"] for one in cli.json("quota show --volume admin")}
    assert told["volumes"] == 10


def test_messages_are_listed_shown_and_deleted(cli: OpenStackCli) -> None:
    done(cli, "quota set --gigabytes -1 --per-volume-gigabytes -1 admin")
    done(cli, "volume create --size 2000000 huge")
    (message,) = eventually(lambda: cli.json(f"{AT} volume message list"))  # type: ignore[misc]
    assert message["Event ID"] == "VOLUME_VOLUME_001_003"
    # The client looks for the message where Cinder has a list of them, and so shows nothing of it but its id.
    assert cli.json(f"{AT} volume message show {message['ID']}")["ID"] == message["ID"]
    assert cli.json(f"{AT} volume message list --project admin") == [message]
    done(cli, f"volume message delete {message['ID']}")
    assert cli.json(f"{AT} volume message list") == []


def test_the_rest_of_the_administration_answers(cli: OpenStackCli) -> None:
    filters = {one["Resource"]: one["Filters"] for one in cli.json(f"{AT} block storage resource filter list")}
    assert filters["pool"] == ["name", "volume_type"]
    assert cli.json(f"{AT} block storage resource filter show pool")["Resource"] == "pool"
    done(cli, "block storage log level set --service cinder-api --log-prefix haneul DEBUG")
    (level,) = cli.json(f"{AT} block storage log level list --service cinder-api --log-prefix haneul")[:1]
    assert (level["Binary"], level["Prefix"], level["Level"]) == ("cinder-api", "haneul", "DEBUG")
    done(cli, "block storage log level set --service cinder-api --log-prefix haneul INFO")
    assert "os-quota-sets" in {one["Alias"] for one in cli.json("extension list --volume")}
    assert cli.json(f"{AT} block storage cluster list") == []
    assert cli.run(f"{AT} block storage cluster show north").code == 1
    assert cli.run(f"{AT} block storage cluster set --enable north").code == 1
    cleaned = "block storage cleanup --cluster north --host host-1 --binary cinder-volume"
    said = cli.run(f"{AT} {cleaned}")
    assert said.code == 0, said.err
