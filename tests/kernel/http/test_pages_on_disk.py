"""Files for browsers: those of one folder, and nothing else of the machine."""

from pathlib import Path

import pytest

from haneul.kernel.http.pages_on_disk import Pages

WHOLE = ("app", "core", "vendor")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder like noVNC's, with things beside and in it that are nobody's business."""
    (tmp_path / "secret.html").write_text("not for you")
    top = tmp_path / "novnc"
    for name in ("vnc_lite.html", "core/rfb.js", "app/a.css", "utils/proxy.js", "core/Makefile", ".hidden.html"):
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_text(name)
    (top / "vnc_auto.html").symlink_to("vnc_lite.html")
    (top / "leak.html").symlink_to(tmp_path / "secret.html")
    (top / "core" / "up").symlink_to(tmp_path)
    return top


def pages(folder: Path) -> Pages:
    return Pages(folder, WHOLE, absent=b"absent", unknown=b"unknown")


def test_files_of_known_kinds_are_pages(folder: Path) -> None:
    found = pages(folder)
    assert found.page("/vnc_lite.html").content == b"vnc_lite.html"
    assert found.page("/vnc_auto.html").content == b"vnc_lite.html"
    script = found.page("/core/rfb.js")
    assert (script.status, script.content_type, script.content) == (
        200,
        "text/javascript; charset=utf-8",
        b"core/rfb.js",
    )


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "",
        "//",
        "/core",
        "/core/",
        "/core/Makefile",
        "/utils/proxy.js",
        "/leak.html",
        "/core/up/secret.html",
        "/../secret.html",
        "/core/../vnc_lite.html",
        "/core/../../secret.html",
        "vnc_lite.html",
        "//vnc_lite.html",
        "/vnc_lite.html/",
        "/vnc_lite.html\0.js",
        "/etc/passwd",
        "/core/..%2f..%2fsecret.html",
    ],
)
def test_nothing_else_is_one(folder: Path, path: str) -> None:
    page = pages(folder).page(path)
    assert (page.status, page.content) == (404, b"unknown")


def test_pages_appear_when_they_are_installed(folder: Path) -> None:
    elsewhere = folder.with_name("later")
    found = pages(elsewhere)
    assert (found.page("/vnc_lite.html").status, found.page("/vnc_lite.html").content) == (503, b"absent")
    folder.rename(elsewhere)
    assert found.page("/vnc_lite.html").status == 200
