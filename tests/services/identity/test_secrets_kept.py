import time

import pytest

from haneul.services.identity.application_credentials import secrets


def test_a_generated_secret_is_long_random_and_fit_for_a_url() -> None:
    made = {secrets.generated() for _ in range(100)}
    assert len(made) == 100
    assert {len(one) for one in made} == {86}
    assert all(one.replace("-", "").replace("_", "").isalnum() for one in made)


@pytest.mark.parametrize(("is_generated", "is_slow"), [(True, False), (False, True)])
def test_only_the_secret_itself_fits(is_generated: bool, is_slow: bool) -> None:
    kept = secrets.hashed("the secret", generated=is_generated, bcrypt_cost=4)
    assert secrets.is_slow(kept) is is_slow
    assert "the secret" not in kept
    assert secrets.check("the secret", kept)
    for wrong in ("", "the secre", "the secret ", "The secret", kept, "하늘", "\ud800"):
        assert not secrets.check(wrong, kept)


@pytest.mark.parametrize("is_generated", [True, False])
def test_equal_secrets_are_kept_differently(is_generated: bool) -> None:
    kept = {secrets.hashed("same", generated=is_generated, bcrypt_cost=4) for _ in range(3)}
    assert len(kept) == 3
    assert all(secrets.check("same", one) and len(one) <= 255 for one in kept)


def test_a_generated_secret_is_checked_a_thousand_times_within_a_tenth_of_a_second_of_cpu() -> None:
    secret = secrets.generated()
    kept, started = secrets.hashed(secret, generated=True, bcrypt_cost=12), time.process_time()
    assert all(secrets.check(secret, kept) for _ in range(1000))
    assert time.process_time() - started < 0.1
