"""Every documented call is answered or says an honest 501, and what upstream has ended answers as it does there."""

from typing import NamedTuple

import pytest
from tests.laws.examples import as_body
from tests.laws.found import NAME, SERVICES, each_service
from tests.support.cloud import Client, RunningCloud

from haneul.kernel.http.unbuilt import Unbuilt, unbuilt_of
from haneul.kernel.service import Service
from tools import coverage


class Missing(NamedTuple):
    """A documented call that gets neither an answer nor a 501."""

    call: str
    reason: str


LOGINS = "Keystone answers 401 to a method of login that it does not have, and so do we; the call itself is answered."
MISSING: dict[str, list[Missing]] = {
    "identity": [Missing(f"POST /v3/auth/tokens {form}", LOGINS) for form in ("federation-scoped", "oauth1")],
}
UNBUILT = [(service, one) for service in SERVICES for one in unbuilt_of(f"haneul.services.{service.package}")]


@each_service
def test_the_list_of_unbuilt_calls_is_what_the_code_says(service: Service) -> None:
    assert unbuilt_of(f"haneul.services.{service.package}") == coverage.unbuilt_calls(service), "`make docs` writes it."


@each_service
def test_what_is_missing_is_so_on_purpose(service: Service) -> None:
    missing = {
        f"{one.operation.method} {one.path} {one.operation.action}".strip()
        for one in coverage.judged(service)
        if one.verdict == "missing"
    }
    assert missing == {one.call for one in MISSING.get(service.type, [])}


@pytest.mark.parametrize(("service", "one"), UNBUILT, ids=lambda it: str(it) if isinstance(it, Unbuilt) else it.type)
def test_an_unbuilt_call_says_so(cloud: RunningCloud, admin: Client, service: Service, one: Unbuilt) -> None:
    negotiated = service.microversions
    at = one.until or one.since or (str(negotiated.newest) if negotiated else "")
    if negotiated is not None and one.until:
        at = min(one.until, str(negotiated.newest), key=lambda text: tuple(map(int, text.split("."))))
    headers = {"OpenStack-API-Version": f"{negotiated.word} {at}"} if negotiated else {}
    path = NAME.sub("a", one.path)
    body = as_body(one.action, None) if one.action else None
    assert cloud.anonymous().request(one.method, service.type, path, headers=headers, content=body).status_code == 401
    answer = admin.request(one.method, service.type, path, headers=headers, content=body)
    assert answer.status_code == one.status
    if one.status == 501 and one.method != "HEAD":
        assert f"haneul does not offer {one.method}" in answer.text
