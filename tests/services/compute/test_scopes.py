import pytest
from tests.support.cloud import RunningCloud


@pytest.mark.parametrize("path", ["/v2.1/servers/detail", "/v2.1/os-hypervisors", "/v2.1/os-quota-sets/x"])
def test_tokens_are_for_projects(cloud: RunningCloud, path: str) -> None:
    whole = cloud.login({"system": {"all": True}})
    refused = whole.get("compute", path)
    assert refused.status_code == 403
    assert refused.json()["forbidden"]["message"].startswith("Policy doesn't allow os_compute_api:")
