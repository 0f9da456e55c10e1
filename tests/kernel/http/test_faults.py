"""Errors on the wire, in the envelope of each service."""

from typing import Any

import msgspec
import pytest

from haneul.kernel import errors
from haneul.kernel.errors import ApiError, BadRequest, Conflict, Forbidden, NotBuilt, NotFound, OverQuota, Unauthorized
from haneul.kernel.http.call import Ask
from haneul.kernel.http.faults import ENVELOPES, Fault, fault_of

REQUEST_ID = "req-1"
KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, ApiError)]


def ask(accept: str = "") -> Ask:
    return Ask(
        method="GET",
        path="/",
        base_url="http://cloud",
        headers={"accept": accept, "content-type": "<b>"},
        parameters={},
        remote="",
        request_id=REQUEST_ID,
    )


def told(fault: Fault) -> Any:
    return msgspec.json.decode(fault.body)


def made(kind: type[ApiError]) -> ApiError:
    text = "It is {what}."
    return kind(418, text, what="so") if kind is errors.Unacceptable else kind(text, what="so")


@pytest.mark.parametrize("style", ENVELOPES)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_kind_of_error_has_a_sentence_in_every_envelope(style: str, kind: type[ApiError]) -> None:
    fault = fault_of(style, made(kind), ask("application/json"))
    assert 400 <= fault.status < 600
    assert b"It is so." in fault.body
    assert "json" in fault.content_type
    msgspec.json.decode(fault.body)


@pytest.mark.parametrize("style", ENVELOPES)
def test_what_a_caller_wrote_can_not_break_out_of_an_answer(style: str) -> None:
    evil = '<script>alert("하늘")</script>{name}\r\nSet-Cookie: a=b'
    for accept in ("application/json", "text/html", "*/*", ""):
        fault = fault_of(style, NotFound("There is no {name}.", name=evil), ask(accept))
        assert fault.status == 404
        if "html" in fault.content_type:
            assert b"<script>" not in fault.body
        elif "json" in fault.content_type:
            msgspec.json.decode(fault.body)
        assert not any("\n" in value for value in fault.headers.values())


def test_nova_names_the_kind() -> None:
    assert told(fault_of("compute", NotFound("No {what}.", what="flavor"), ask())) == {
        "itemNotFound": {"code": 404, "message": "No flavor."}
    }
    assert told(fault_of("compute", NotBuilt("Not yet."), ask())) == {
        "notImplemented": {"code": 501, "message": "Not yet."}
    }


def test_keystone_has_code_title_and_message() -> None:
    assert told(fault_of("identity", Conflict("It is there."), ask())) == {
        "error": {"code": 409, "message": "It is there.", "title": "Conflict"}
    }


def test_neutron_names_a_type() -> None:
    fault = fault_of("network", NotFound("No port.", kind="PortNotFound"), ask())
    assert told(fault) == {"NeutronError": {"type": "PortNotFound", "message": "No port.", "detail": ""}}


def test_placement_lists_errors_with_the_request_id() -> None:
    fault = fault_of("placement", Conflict("Busy.", kind="placement.concurrent_update"), ask("application/json"))
    (error,) = told(fault)["errors"]
    assert (error["status"], error["code"], error["request_id"]) == (409, "placement.concurrent_update", REQUEST_ID)


def test_glance_speaks_html_unless_asked_for_json() -> None:
    refused = BadRequest("Name is <b>.")
    assert b"Name is &lt;b&gt;." in fault_of("image", refused, ask()).body
    assert fault_of("image", refused, ask()).content_type.startswith("text/html")
    assert "json" in fault_of("image", refused, ask("application/json")).content_type


def test_everyones_401_looks_alike() -> None:
    bodies = {fault_of(style, Unauthorized("Who are you?"), ask("application/json")).body for style in ENVELOPES}
    assert len(bodies) <= 2
    assert all(b"401" in body for body in bodies)


@pytest.mark.parametrize(("style", "status"), [("compute", 403), ("image", 413), ("network", 409), ("identity", 403)])
def test_a_quota_is_refused_with_the_services_own_status(style: str, status: int) -> None:
    assert fault_of(style, OverQuota("Too many."), ask()).status == status


def test_a_405_names_what_is_allowed() -> None:
    fault = fault_of("compute", errors.Unacceptable(405, "No.", allow="GET, HEAD"), ask())
    assert fault.headers["Allow"] == "GET, HEAD"


def test_a_403_remembers_its_rule() -> None:
    refused = Forbidden("Policy doesn't allow {rule} to be performed.", rule="a:b")
    assert (str(refused), refused.rule) == ("Policy doesn't allow a:b to be performed.", "a:b")
