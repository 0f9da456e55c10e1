"""The forms of tokens: what one writes it reads back, and nothing else."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haneul.services.identity.keys.ring import set_up_keys
from haneul.services.identity.tokens.models import Payload
from haneul.services.identity.tokens.providers import TokenProvider, provider_of

HEX_IDS = st.uuids().map(lambda value: value.hex)
IDS = HEX_IDS | st.text(min_size=1, max_size=64) | st.sampled_from(["default", "A" * 32, "0" * 31])
AUDIT_IDS = st.binary(min_size=16, max_size=16) | st.sampled_from(["made-by-a-test", "A" * 22, "B" * 22])
MOMENTS = st.integers(1_700_000_000_000_000, 4_000_000_000_000_000)
PAYLOADS = st.builds(
    Payload,
    IDS,
    st.lists(st.sampled_from(["password", "token", "totp", "application_credential", "another"]), max_size=4).map(
        tuple
    ),
    st.sampled_from(["project", "domain", "system"]),
    IDS,
    MOMENTS,
    MOMENTS,
    st.lists(AUDIT_IDS.map(lambda one: one if isinstance(one, str) else one.hex()[:22]), min_size=1, max_size=2).map(
        tuple
    ),
    st.just("") | HEX_IDS,
    st.just("") | HEX_IDS,
)


@pytest.fixture(scope="module", params=["fernet", "jws"])
def provider(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> TokenProvider:
    folder: Path = tmp_path_factory.mktemp(request.param)
    set_up_keys(folder / "fernet-keys")
    return provider_of(request.param, folder)


@given(payload=PAYLOADS)
def test_a_token_says_what_it_was_told(provider: TokenProvider, payload: Payload) -> None:
    assert provider.read(provider.write(payload)) == payload


@given(written=st.text(max_size=300) | st.binary(max_size=300).map(lambda raw: raw.decode("latin-1")))
def test_whatever_else_says_nothing(provider: TokenProvider, written: str) -> None:
    assert provider.read(written) is None


def test_a_token_without_a_signature_says_nothing(tmp_path: Path) -> None:
    provider = provider_of("jws", tmp_path)
    head, body, _ = provider.write(Payload("a", ("password",), "", "", 1, 2, ("b",))).split(".")
    none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0"
    for forged in (f"{none}.{body}.", f"{head}.{body}.", f"{none}.{body}.AAAA"):
        assert provider.read(forged) is None


def test_another_clouds_token_says_nothing(tmp_path: Path) -> None:
    payload = Payload("a", ("password",), "", "", 1, 2, ("b",))
    for form in ("fernet", "jws"):
        ours, theirs = tmp_path / "ours" / form, tmp_path / "theirs" / form
        for folder in (ours, theirs):
            set_up_keys(folder / "fernet-keys")
        assert provider_of(form, ours).read(provider_of(form, theirs).write(payload)) is None


def test_an_encrypted_token_is_short(tmp_path: Path) -> None:
    set_up_keys(tmp_path / "fernet-keys")
    moment = 1_800_000_000_000_000
    audit_ids = ("q83vEjRWeJCrze8SNFZ4kA", "q83vEjRWeJCrze8SNFZ4kQ")
    widest = Payload("a" * 32, ("password", "token"), "project", "b" * 32, moment, moment, audit_ids, "c" * 32)
    assert len(provider_of("fernet", tmp_path).write(widest)) < 255
