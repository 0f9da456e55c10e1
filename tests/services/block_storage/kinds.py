"""What tests of volume types share: types, volumes of them, and what refusals say."""

from typing import Any

import httpx
from tests.support.cloud import Client, RunningCloud
from tests.support.members import member_of

BLOCKS = "block-storage"
YES = "<is> True"
PRIVATE = {"os-volume-type-access:is_public": False}


def newest(client: Client) -> Client:
    return at(client, "3.71")


def at(client: Client, version: str) -> Client:
    return client.with_headers(OpenStack_API_Version=f"volume {version}")


def someone(cloud: RunningCloud, project: str, role: str = "member") -> Client:
    """Someone with a role in a project of his own, who speaks the newest version."""
    return newest(member_of(cloud, cloud.login(), project, role))


def kind(client: Client, name: str, **fields: Any) -> dict[str, Any]:
    """A new type."""
    answer = client.post(BLOCKS, "/v3/types", json={"volume_type": {"name": name, **fields}})
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()["volume_type"]
    return made


def asked(client: Client, **fields: Any) -> httpx.Response:
    """The answer to a request for a volume of one GiB."""
    return client.post(BLOCKS, "/v3/volumes", json={"volume": {"size": 1, **fields}})


def volume(client: Client, **fields: Any) -> dict[str, Any]:
    """A new volume."""
    answer = asked(client, **fields)
    assert answer.status_code == 202, answer.text
    made: dict[str, Any] = answer.json()["volume"]
    return made


def names(client: Client, **query: str) -> list[str]:
    """The types that a list has, in its order."""
    answer = client.get(BLOCKS, "/v3/types", params=query)
    assert answer.status_code == 200, answer.text
    return [one["name"] for one in answer.json()["volume_types"]]


def refusal(answer: httpx.Response) -> tuple[int, str]:
    """The status and the sentence."""
    (fault,) = answer.json().values()
    return answer.status_code, fault["message"]
