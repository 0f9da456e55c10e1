"""The pages on port 6080: noVNC's own, and nothing else of the machine."""

import http.client

import pytest
from tests.support.cloud import RunningCloud

from haneul.services.compute.consoles.site import ABSENT, PAGES, UNKNOWN


def asked(cloud: RunningCloud, method: str, path: str) -> tuple[http.client.HTTPResponse, bytes]:
    """One request whose path nobody has tidied up."""
    line = http.client.HTTPConnection("127.0.0.1", 6080 + cloud.cloud.wanted.base_port, timeout=10)
    line.putrequest(method, path, skip_host=False)
    line.endheaders()
    answer = line.getresponse()
    return answer, answer.read()


@pytest.mark.parametrize("path", ["/../../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/..%2f..%2fetc%2fpasswd", "/"])
def test_over_http_no_path_leads_out(cloud: RunningCloud, path: str) -> None:
    answer, content = asked(cloud, "GET", path)
    assert answer.status in (404, 503)
    assert content in (UNKNOWN, ABSENT)
    assert b"root:" not in content


def test_the_page_of_novnc_is_served_or_its_absence_told(cloud: RunningCloud) -> None:
    answer, content = asked(cloud, "GET", "/vnc_lite.html?path=%3Ftoken%3Dx")
    if (PAGES / "vnc_lite.html").exists():
        assert answer.status == 200
        assert content == (PAGES / "vnc_lite.html").read_bytes()
    else:
        assert (answer.status, content) == (503, ABSENT)
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"


def test_pages_can_only_be_read(cloud: RunningCloud) -> None:
    assert asked(cloud, "POST", "/vnc_lite.html")[0].status == 405
    answer, content = asked(cloud, "HEAD", "/nothing.html")
    assert (answer.status in (404, 503), content) == (True, b"")
    assert int(answer.headers["Content-Length"]) > 0
