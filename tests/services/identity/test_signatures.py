"""Signatures against what Amazon has published, and against the signer of Keystone's client library."""

import base64
import hashlib
from typing import Any

import msgspec
import pytest
from keystoneclient.contrib.ec2.utils import Ec2Signer
from tests.services.identity.signing import FORMS, fourth, signed

from haneul.kernel.errors import Unauthorized
from haneul.services.identity.ec2 import s3, signatures
from haneul.services.identity.ec2.schemas import SignedRequest

KEYS = {"access": "AKIDEXAMPLE", "secret": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}
S3_SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
OF_NOTHING = hashlib.sha256(b"").hexdigest()


def request(fields: dict[str, Any]) -> SignedRequest:
    return msgspec.convert(fields, SignedRequest)


def published(signed_headers: str, service: str = "service", **fields: Any) -> SignedRequest:
    """A request of Amazon's test suite for version 4."""
    headers = {"Host": "example.amazonaws.com", "X-Amz-Date": "20150830T123600Z", **fields.pop("headers", {})}
    scope = f"AKIDEXAMPLE/20150830/us-east-1/{service}/aws4_request"
    headers["Authorization"] = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders={signed_headers}, Signature=x"
    return request(
        {"verb": "GET", "path": "/", "params": {}, "body_hash": OF_NOTHING, **fields, "headers": headers},
    )


def test_the_published_vanilla_request_of_version_4() -> None:
    known = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
    assert signatures.signature_of(KEYS["secret"], published("host;x-amz-date"), "") == known


def test_the_published_request_of_version_4_with_parameters_in_another_order() -> None:
    known = "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"
    asked = published("host;x-amz-date", params={"Param2": "value2", "Param1": "value1"})
    assert signatures.signature_of(KEYS["secret"], asked, "") == known


def test_the_published_request_of_version_4_for_users() -> None:
    known = "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
    asked = published(
        "content-type;host;x-amz-date",
        "iam",
        params={"Action": "ListUsers", "Version": "2010-05-08"},
        headers={
            "Host": "iam.amazonaws.com",
            "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
        },
    )
    assert signatures.signature_of(KEYS["secret"], asked, "") == known


def test_the_published_request_of_version_2() -> None:
    asked = request(
        {
            "verb": "GET",
            "host": "elasticmapreduce.amazonaws.com",
            "path": "/",
            "params": {
                "AWSAccessKeyId": "AKIAIOSFODNN7EXAMPLE",
                "Action": "DescribeJobFlows",
                "SignatureMethod": "HmacSHA256",
                "SignatureVersion": "2",
                "Timestamp": "2011-10-03T15:19:30",
                "Version": "2009-03-31",
            },
        }
    )
    known = "i91nKc4PWAt0JJIdXwz9HxZCJDdiy6cf/Mj6vPxyYIs="
    assert signatures.signature_of(S3_SECRET, asked, "elasticmapreduce.amazonaws.com") == known


def test_the_published_requests_of_s3() -> None:
    first = "GET\n\n\nTue, 27 Mar 2007 19:36:42 +0000\n/johnsmith/photos/puppy.jpg"
    assert s3.signature_of("uV3F3YluFJax1cknvbcGwgjvx4QpvB+leU8dUj2o", first) == "xXjDGYUmKxnwqr5KXNPGldn5LbA="
    second = "GET\n\n\nTue, 27 Mar 2007 19:36:42 +0000\n/awsexamplebucket1/photos/puppy.jpg"
    assert s3.signature_of(S3_SECRET, second) == "qgk2+6Sv9/oM7G3qLEjTH1a1l1g="
    fourth_text = "\n".join(
        (
            "AWS4-HMAC-SHA256",
            "20130524T000000Z",
            "20130524/us-east-1/s3/aws4_request",
            "7344ae5b7ee6c3e7e6b0fe0640412a37625d1fbfff95c48bbb2dc43964946972",
        )
    )
    known = "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    assert s3.signature_of(S3_SECRET, fourth_text) == known


@pytest.mark.parametrize("form", FORMS)
def test_the_client_librarys_signature_is_ours(form: str) -> None:
    made = signed(FORMS[form](KEYS), KEYS["secret"])
    signatures.refuse_forged(KEYS["secret"], request(made))
    for secret in ("", "another", KEYS["secret"][:-1]):
        with pytest.raises(Unauthorized):
            signatures.refuse_forged(secret, request(made))


@pytest.mark.parametrize("value", ["", "a b", "a+b", "a/b=c&d", "~-_.", "하늘", "%41", "*'()", 7, 2.5, True, None])
@pytest.mark.parametrize("version", ["1", "2"])
def test_any_parameter_is_signed_alike(version: str, value: Any) -> None:
    asked = FORMS[version](KEYS)
    asked["params"]["Filter.1.Value"] = value
    signatures.refuse_forged(KEYS["secret"], request(signed(asked, KEYS["secret"])))


def test_a_port_may_have_been_left_out_of_what_was_signed() -> None:
    asked = FORMS["2"](KEYS)
    without = signed({**asked, "host": "compute.example.com"}, KEYS["secret"])
    signatures.refuse_forged(KEYS["secret"], request({**without, "host": "compute.example.com:8773"}))
    with pytest.raises(Unauthorized):
        signatures.refuse_forged(KEYS["secret"], request({**without, "host": "other.example.com:8773"}))
    with pytest.raises(Unauthorized):
        signatures.refuse_forged(KEYS["secret"], request({**without, "host": "[compute:8773"}))


def test_old_boto_signs_its_host_without_the_port() -> None:
    asked = fourth(KEYS)
    asked["headers"]["User-Agent"] = "Boto/2.9.2 (linux2)"
    signatures.refuse_forged(KEYS["secret"], request(signed(asked, KEYS["secret"])))


@pytest.mark.parametrize("form", FORMS)
def test_whatever_is_changed_of_a_request_breaks_its_signature(form: str) -> None:
    made = signed(FORMS[form](KEYS), KEYS["secret"])
    changed: list[dict[str, Any]] = [
        {**made, "params": {**made["params"], "Action": "TerminateInstances"}}
        if form != "4"
        else {**made, "path": "/"},
        {**made, "signature": made["signature"][:-2]},
        {**made, "signature": "하늘"},
        {**made, "signature": None},
        {**made, "signature": ""},
    ]
    if form in ("2", "4", "4 by query"):
        changed += [{**made, "verb": "PUT"}, {**made, "path": "/else"}]
    if form.startswith("4"):
        changed += [{**made, "body_hash": OF_NOTHING[:-1]}, {**made, "headers": {**made["headers"], "Host": "else"}}]
    for one in changed:
        with pytest.raises(Unauthorized):
            signatures.refuse_forged(KEYS["secret"], request(one))


@pytest.mark.parametrize(
    "lacking",
    [
        {},
        {"params": {"SignatureVersion": "3"}},
        {"params": {"SignatureVersion": "0"}},
        {"params": {"SignatureVersion": "0", "Action": 1, "Timestamp": "now"}},
        {"headers": {"Authorization": "AWS4-HMAC-SHA256"}},
        {"headers": {"Authorization": "AWS4-HMAC-SHA256 Credential=a/b/c", "X-Amz-Date": "b"}},
        {"headers": {"Authorization": "AWS4-HMAC-SHA256 Credential=a/20150830/c/d/e", "X-Amz-Date": "20150831T"}},
        {"params": {"X-Amz-Algorithm": "AWS4-HMAC-SHA256"}},
        {"headers": None, "params": None},
    ],
)
def test_a_request_that_lacks_what_is_signed_is_refused(lacking: dict[str, Any]) -> None:
    with pytest.raises(Unauthorized):
        signatures.refuse_forged(KEYS["secret"], request({**lacking, "signature": "any"}))


def test_what_one_version_signs_is_no_signature_of_another() -> None:
    made = signed(FORMS["2"](KEYS), KEYS["secret"])
    for version in ("0", "1"):
        with pytest.raises(Unauthorized):
            signatures.refuse_forged(
                KEYS["secret"], request({**made, "params": {**made["params"], "SignatureVersion": version}})
            )


@pytest.mark.parametrize(
    "text",
    [
        "AWS4-HMAC-SHA256\n20130524T000000Z\n20130524/us-east-1/ec2/aws4_request\nabc",
        "AWS4-HMAC-SHA256\n20130524T000000Z\n20130524/us-east-1/s3\nabc",
        "AWS4-HMAC-SHA256\n20130524T000000Z\n20130524/us-east-1/s3/other\nabc",
        "AWS4-HMAC-SHA256\n20130524/us-east-1/s3/aws4_request\nabc",
        "AWS4-HMAC-SHA512\n20130524T000000Z\n20130524/us-east-1/s3/aws4_request\nabc",
        "AWS4",
    ],
)
def test_text_of_version_4_must_be_for_s3(text: str) -> None:
    with pytest.raises(Unauthorized):
        s3.signature_of(S3_SECRET, text)


@pytest.mark.parametrize("token", [None, "", "a", "====", "하늘", base64.urlsafe_b64encode(b"\xff\xfe").decode()])
def test_a_token_that_is_no_text_is_refused(token: str | None) -> None:
    with pytest.raises(Unauthorized):
        s3.refuse_forged(S3_SECRET, request({"token": token, "signature": "any"}))


def test_the_library_agrees_with_what_amazon_has_published() -> None:
    asked = {"verb": "GET", "host": "", "path": "/", "params": {}, "body_hash": OF_NOTHING}
    known = published("host;x-amz-date")
    made = Ec2Signer(KEYS["secret"]).generate({**asked, "headers": dict(known.headers or {})})
    assert made == signatures.signature_of(KEYS["secret"], known, "")
