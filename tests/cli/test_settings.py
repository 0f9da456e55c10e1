"""Flags over variables over the file over defaults."""

from pathlib import Path

import pytest

from haneul.kernel.config import ConfigError, Settings
from haneul.settings import settled

HERE = Path("/nowhere")


def test_each_source_wins_over_the_next() -> None:
    file = {"cloud": {"region": "file", "base_port": 1, "bind": "127.0.0.3"}}
    told = settled(
        HERE,
        Settings(file, {"HANEUL_CLOUD_REGION": "variable", "HANEUL_CLOUD_BASE_PORT": "2"}),
        {"region": "flag"},
    )
    assert (told.region, told.base_port, told.bind, told.public_scheme) == ("flag", 2, "127.0.0.3", "")


def test_urls_follow_from_what_was_told() -> None:
    told = settled(HERE, Settings({}, {}), {"bind": "::1", "base_port": 10, "tls": True})
    assert told.auth_url == "https://[::1]:5010/v3"
    told = settled(HERE, Settings({"cloud": {"public_urls": {"identity": "https://id.example"}}}, {}), {})
    assert told.auth_url == "https://id.example/v3"


def test_a_cloud_that_listens_everywhere_names_an_address_that_others_reach() -> None:
    told = settled(HERE, Settings({}, {}), {"bind": "0.0.0.0"})
    assert told.public_name not in ("0.0.0.0", "")
    assert told.local_address == "127.0.0.1"


@pytest.mark.parametrize("flags", [{"db": "oracle://u:hush@h"}, {"bus": "redis://u:hush@h"}, {"db": "not a url"}])
def test_urls_of_unknown_kinds_are_refused_and_not_repeated(flags: dict[str, str]) -> None:
    with pytest.raises(ConfigError) as refused:
        settled(HERE, Settings({}, {}), flags)
    assert "hush" not in str(refused.value)
