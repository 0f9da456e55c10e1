"""Facts about the system that haneul is compatible with: operations, default rules, commands, versions, ports."""

import csv
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
COMPOSITE = "COMPOSITE (not expanded)"
"""What a table says for a default of which only the name is known."""
# What Neutron's table writes by name (neutron-lib: policy/rules).
_ADMIN_OR = "rule:admin_only or "
_NEUTRON = {
    "ADMIN": "rule:admin_only",
    "SERVICE": "rule:service_api",
    "ADMIN_OR_SERVICE": f"{_ADMIN_OR}rule:service_api",
    **{
        f"ADMIN_OR_{whose}_{role.upper()}": f"{_ADMIN_OR}(role:{role} and {owner})"
        for whose, owner in (("PROJECT", "project_id:%(project_id)s"), ("PARENT_OWNER", "rule:ext_parent_owner"))
        for role in ("reader", "member", "manager")
    },
}
SYMBOLS = {"neutron": _NEUTRON}


class Operation(NamedTuple):
    """One documented call; `status` is `current` or says since when it is legacy or gone."""

    method: str
    path: str
    action: str
    summary: str
    min_microversion: str
    admin: str
    group: str
    status: str
    source: str


class DefaultRule(NamedTuple):
    """One default rule and a call that it protects; a rule has as many rows as it protects calls.

    `default_check` is empty text for a rule that lets everyone, and `COMPOSITE` where only the name is known.
    """

    method: str
    path: str
    policy_name: str
    default_check: str
    deprecated: bool


class Version(NamedTuple):
    repo: str
    service_type: str
    max_version: str
    min_version: str
    negotiation: str
    repo_tag: str
    repo_head: str
    repo_date: str


class Endpoint(NamedTuple):
    """A service's well-known port and URL; `operations_file` is its project's name."""

    operations_file: str
    service_type: str
    default_port: str
    base_url: str
    path_note: str


def services_with_operations() -> list[str]:
    return _services(HERE / "operations")


def services_with_policies() -> list[str]:
    return _services(HERE / "policies")


@cache
def operations(service: str) -> list[Operation]:
    """The documented operations of a service by its project's name: `nova`, `keystone`."""
    return [Operation(**row) for row in _rows(HERE / "operations" / f"{service}.csv")]


@cache
def policies(service: str) -> list[DefaultRule]:
    """The default rules of a service by its project's name."""
    rows = _rows(HERE / "policies" / f"{service}.csv")
    symbols = SYMBOLS.get(service, {})
    return [
        DefaultRule(
            method=row["method"],
            path=row["path"],
            policy_name=row["policy_name"],
            default_check=symbols.get(row["default_check"], row["default_check"]),
            deprecated=row["deprecated"] == "yes",
        )
        for row in rows
    ]


@cache
def commands(group: str = "") -> list[str]:
    """The client's commands, all or of a group by the name of its entry points: `openstack.identity.v3`."""
    return [row["command"] for row in _rows(HERE / "commands.csv") if group in ("", row["group"])]


@cache
def versions() -> list[Version]:
    return [Version(**row) for row in _rows(HERE / "versions.csv")]


@cache
def endpoints() -> list[Endpoint]:
    return [Endpoint(**row) for row in _rows(HERE / "endpoints.csv")]


def _services(folder: Path) -> list[str]:
    return sorted(path.stem for path in folder.glob("*.csv") if not path.stem.startswith("_"))


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as table:
        yield from csv.DictReader(table)
