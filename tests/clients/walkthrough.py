"""Following a written walkthrough: each command must succeed and print the table that stands there."""

from collections.abc import Mapping

from tests.clients.openstack_cli import OpenStackCli, Said
from tests.support.cloud import PASSWORD, RunningCloud

# A set: the fields of a Field/Value table. A list: the header of a list. None: the command prints nothing.
Shown = set[str] | list[str] | None
Step = tuple[str, Shown]

PROJECT = {"description", "domain_id", "enabled", "id", "is_domain", "name", "options", "parent_id", "tags"}
USER = {"default_project_id", "domain_id", "enabled", "id", "name", "options", "password_expires_at"}
# Today's client no longer prints a role's options and a domain's tags, which guides show.
ROLE = {"description", "domain_id", "id", "name"}
DOMAIN = {"description", "enabled", "id", "name", "options"}
SERVICE = {"description", "enabled", "id", "name", "type"}
ENDPOINT = {
    "enabled",
    "id",
    "interface",
    "region",
    "region_id",
    "service_id",
    "service_name",
    "service_type",
    "url",
}
TOKEN = {"expires", "id", "project_id", "user_id"}
IMAGE = {
    "container_format",
    "created_at",
    "disk_format",
    "file",
    "id",
    "min_disk",
    "min_ram",
    "name",
    "owner",
    "properties",
    "protected",
    "schema",
    "status",
    "tags",
    "updated_at",
    "visibility",
}
FLAVOR = {
    "OS-FLV-DISABLED:disabled",
    "OS-FLV-EXT-DATA:ephemeral",
    "disk",
    "id",
    "name",
    "os-flavor-access:is_public",
    "properties",
    "ram",
    "rxtx_factor",
    "swap",
    "vcpus",
}
KEYPAIR = {"fingerprint", "name", "user_id"}
SERVER = {"flavor", "id", "image", "key_name", "name", "status"}
ENDPOINTS = ["ID", "Region", "Service Name", "Service Type", "Enabled", "Interface", "URL"]
ASSIGNMENTS = ["Role", "User", "Group", "Project", "Domain", "System", "Inherited"]
COMPUTE_SERVICES = ["ID", "Binary", "Host", "Zone", "Status", "State", "Updated At"]
SERVERS = ["ID", "Name", "Status", "Networks", "Image", "Flavor"]
IMAGES = ["ID", "Name", "Status"]
NAMED = ["ID", "Name"]


class Walk:
    """A reader at his shell; `read` is his way to source another file of variables."""

    def __init__(self, cloud: RunningCloud) -> None:
        self.cloud = cloud
        self.cli = OpenStackCli(cloud)

    def read(self, **changed: str) -> None:
        """Source a file that logs in as admin, but for what is given."""
        self.cli = OpenStackCli.sourced({**variables(self.cloud), **changed})

    def follow(self, *steps: Step) -> None:
        for command, shown in steps:
            said = self.cli.run(command)
            assert said.code == 0, f"openstack {command}: {said.err}"
            check(command, said, shown)

    def rows(self, command: str) -> list[dict[str, str]]:
        """The rows of a list, by its header."""
        said = self.cli.run(command)
        assert said.code == 0, f"openstack {command}: {said.err}"
        header, *rows = said.table
        return [dict(zip(header, row, strict=True)) for row in rows]

    def fields(self, command: str) -> dict[str, str]:
        """A Field/Value table."""
        return {row["Field"]: row["Value"] for row in self.rows(command)}


def variables(cloud: RunningCloud) -> Mapping[str, str]:
    """The variables of a `keystonerc_admin`."""
    return {
        "OS_USERNAME": "admin",
        "OS_PASSWORD": PASSWORD,
        "OS_REGION_NAME": "RegionOne",
        "OS_AUTH_URL": f"{cloud.url('identity')}/v3",
        "OS_PROJECT_NAME": "admin",
        "OS_USER_DOMAIN_NAME": "Default",
        "OS_PROJECT_DOMAIN_NAME": "Default",
        "OS_IDENTITY_API_VERSION": "3",
    }


def check(command: str, said: Said, shown: Shown) -> None:
    if shown is None:
        assert said.out.strip() == "", f"openstack {command} says {said.out}"
    elif isinstance(shown, list):
        assert said.table[0] == shown, f"openstack {command} has the columns {said.table[0]}"
    else:
        assert said.table[0] == ["Field", "Value"], command
        assert {row[0] for row in said.table[1:]} >= shown, f"openstack {command} lacks fields: {said.out}"
