"""Paging: the words of requests, and the links of answers in each service's style."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from haneul.kernel.db.listing import Page
from haneul.kernel.errors import BadRequest
from haneul.kernel.http.pages import LinkStyle, links_of, listed, page_of
from haneul.kernel.http.replies import Listed

HERE = "https://cloud.example/compute/v2.1/servers"


@pytest.mark.parametrize(
    ("parameters", "page"),
    [
        ({}, Page(1000, None, ())),
        ({"limit": ["5"]}, Page(5, None, ())),
        ({"limit": ["9999999"]}, Page(1000, None, ())),
        ({"limit": ["2", "3"], "marker": ["a"]}, Page(3, "a", ())),
        ({"marker": [""]}, Page(1000, None, ())),
        ({"sort_key": ["name"]}, Page(1000, None, (("name", "desc"),))),
        (
            {"sort_key": ["name", "id"], "sort_dir": ["asc"]},
            Page(1000, None, (("name", "asc"), ("id", "desc"))),
        ),
        ({"sort": ["name:asc,id"]}, Page(1000, None, (("name", "asc"), ("id", "desc")))),
    ],
)
def test_the_words_of_a_request(parameters: dict[str, list[str]], page: Page) -> None:
    assert page_of(parameters, most=1000) == page


@pytest.mark.parametrize(
    "parameters",
    [
        {"limit": ["-1"]},
        {"limit": ["ten"]},
        {"limit": [""]},
        {"limit": ["²"]},
        {"sort": ["name:up"]},
        {"sort_key": ["name"], "sort_dir": ["sideways"]},
        {"sort_key": ["name"], "sort_dir": ["asc", "asc"]},
    ],
)
def test_malformed_words_are_the_callers_mistake(parameters: dict[str, list[str]]) -> None:
    with pytest.raises(BadRequest):
        page_of(parameters, most=1000)


def test_a_full_page_names_the_next_and_a_part_of_one_does_not() -> None:
    rows = ["a", "b"]
    full = listed(Page(2), rows, str.upper, str)
    assert (full.items, full.next_marker) == (["A", "B"], "b")
    assert listed(Page(3), rows, str.upper, str).next_marker is None
    assert listed(Page(None), rows, str.upper, str).next_marker is None
    assert listed(Page(0), [], str.upper, str).next_marker is None


def links(style: LinkStyle, parameters: dict[str, list[str]], marker: str | None = "b&c") -> dict[str, Any]:
    return links_of(style, "servers", HERE, parameters, Listed(items=["x"], next_marker=marker))


@pytest.mark.parametrize("style", ["compute", "network"])
def test_the_next_link_keeps_what_was_asked_but_the_marker(style: LinkStyle) -> None:
    (link,) = links(style, {"limit": ["2"], "name": ["a b", "c"], "marker": ["old"]})["servers_links"]
    assert link["rel"] == "next"
    assert link["href"].startswith(HERE + "?")
    assert parse_qs(urlsplit(link["href"]).query) == {"limit": ["2"], "name": ["a b", "c"], "marker": ["b&c"]}
    assert links(style, {}, None) == {}


def test_identity_has_three_links_always() -> None:
    assert links("identity", {"name": ["x"]}, None) == {
        "links": {"self": f"{HERE}?name=x", "previous": None, "next": None}
    }
    assert links("identity", {})["links"]["next"] == f"{HERE}?marker=b%26c"


def test_image_links_are_paths() -> None:
    here, page = "https://cloud.example/image/v2/images", Listed(items=["x"], next_marker="b&c")
    assert links_of("image", "images", here, {"limit": ["2"], "marker": ["old"]}, page) == {
        "first": "/v2/images?limit=2",
        "schema": "/v2/schemas/images",
        "next": "/v2/images?limit=2&marker=b%26c",
    }
    assert "next" not in links_of("image", "images", here, {}, Listed(items=["x"]))


def test_some_have_none() -> None:
    assert links("none", {}) == {}
