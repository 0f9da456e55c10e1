from pathlib import Path

import msgspec

from haneul.kernel.config import Settings
from haneul.services.identity.config import IdentitySettings
from tests.support.cloud import running_cloud

CONFORMANCE = Path(__file__).with_name("conformance.toml")


def test_a_cloud_starts_as_the_suites_expect_it() -> None:
    settings = Settings.load(CONFORMANCE, {})
    identity = settings.section("identity", IdentitySettings)
    assert identity.bcrypt_cost == 4
    with running_cloud(identity={"bcrypt_cost": identity.bcrypt_cost}) as running:
        known = {one.type: one.settings for one in running.cloud.services}
        for name, values in settings.sections.items():
            shape = known[name]
            assert shape is not None
            assert values.keys() <= {field.name for field in msgspec.structs.fields(shape)}
        assert running.login({"system": {"all": True}}).get("identity", "/v3/users").status_code == 200
