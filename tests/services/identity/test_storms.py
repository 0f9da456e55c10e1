"""A storm of logins: who comes when too many wait is told so at once, and all is well when it is over."""

import threading

import pytest
from tests.support.cloud import RunningCloud

from haneul.services.identity.users import hashing


def test_who_comes_when_too_many_wait_is_told_to_come_back(
    cloud: RunningCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    def guess() -> int:
        user = {"name": "nobody", "domain": {"id": "default"}, "password": "guess"}
        auth = {"identity": {"methods": ["password"], "password": {"user": user}}}
        return cloud.http.post(cloud.url("identity") + "/v3/auth/tokens", json={"auth": auth}).status_code

    assert guess() == 401
    monkeypatch.setattr(hashing, "_room", threading.BoundedSemaphore(1))
    busy = hashing.submit_hashing("a password", 13)
    assert guess() == 503
    busy.result(20)
    assert guess() == 401
