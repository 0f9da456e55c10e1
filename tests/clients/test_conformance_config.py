from typing import Any

import msgspec

from haneul.kernel.config import Settings
from haneul.services.identity.config import IdentitySettings, SecurityCompliance
from tests.clients.conformance import CONFORMANCE
from tests.services.identity.people import PASSWORD, login, make, try_login
from tests.support.cloud import running_cloud

NOT_A_SERVICE = {"security_compliance": SecurityCompliance}


def test_a_cloud_starts_as_the_suites_expect_it() -> None:
    settings = Settings.load(CONFORMANCE, {})
    sections: dict[str, Any] = dict(settings.sections)
    assert settings.section("identity", IdentitySettings).bcrypt_cost == 4
    with running_cloud(**sections) as running:
        known = {one.type: one.settings for one in running.cloud.services} | NOT_A_SERVICE
        for name, values in settings.sections.items():
            shape = known[name]
            assert shape is not None
            assert values.keys() <= {field.name for field in msgspec.structs.fields(shape)}
        assert running.login({"system": {"all": True}}).get("identity", "/v3/users").status_code == 200


def test_passwords_are_as_the_suites_expect_them() -> None:
    settings = Settings.load(CONFORMANCE, {})
    sections: dict[str, Any] = dict(settings.sections)
    assert settings.section("security_compliance", SecurityCompliance).lockout_duration_s == 5
    with running_cloud(**sections) as running:
        user = make(running.login(), "user")
        own = login(running, user)
        change = {"user": {"original_password": PASSWORD, "password": PASSWORD}}
        assert own.post("identity", f"/v3/users/{user['id']}/password", json=change).status_code == 400
        wrong = [try_login(running, user, password="wrong").status_code for _ in range(2)]
        assert [*wrong, try_login(running, user).status_code] == [401, 401, 401]
