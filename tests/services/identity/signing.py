"""Requests signed with EC2 keys, by the signer of Keystone's own client library."""

import base64
import hashlib
import hmac
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from keystoneclient.contrib.ec2.utils import Ec2Signer
from tests.support.cloud import Client

Request = dict[str, Any]


def stamp(offset_s: float = 0, form: str = "%Y-%m-%dT%H:%M:%SZ") -> str:
    """A moment, this many seconds from now."""
    return (datetime.now(UTC) + timedelta(seconds=offset_s)).strftime(form)


def params(version: int, access: str, offset_s: float = 0, **more: str) -> dict[str, str]:
    found = {"Action": "DescribeInstances", "AWSAccessKeyId": access, "Timestamp": stamp(offset_s), **more}
    return found | {"SignatureVersion": str(version), "SignatureMethod": "HmacSHA256"}


def by_version(version: int, keys: Request, offset_s: float = 0, **more: str) -> Request:
    """A request of version 0, 1 or 2."""
    return {
        "access": keys["access"],
        "host": "compute.example.com:8773",
        "verb": "GET",
        "path": "/services/Cloud",
        "params": params(version, keys["access"], offset_s, **more),
    }


def fourth(keys: Request, offset_s: float = 0) -> Request:
    """A request of version 4, signed in its headers."""
    moment = stamp(offset_s, "%Y%m%dT%H%M%SZ")
    scope = f"{keys['access']}/{moment[:8]}/seoul/ec2/aws4_request"
    return {
        "access": keys["access"],
        "host": "compute.example.com:8773",
        "verb": "POST",
        "path": "/services/Cloud/",
        "params": {},
        "headers": {
            "Host": "compute.example.com:8773",
            "X-Amz-Date": moment,
            "Authorization": f"AWS4-HMAC-SHA256 Credential={scope},SignedHeaders=host;x-amz-date,Signature=none",
        },
        "body_hash": hashlib.sha256(b"Action=DescribeInstances").hexdigest(),
    }


def fourth_by_query(keys: Request, offset_s: float = 0) -> Request:
    """A request of version 4, signed in its query."""
    moment = stamp(offset_s, "%Y%m%dT%H%M%SZ")
    return {
        "access": keys["access"],
        "host": "compute.example.com",
        "verb": "GET",
        "path": "/a path/",
        "params": {
            "Action": "DescribeInstances",
            "Filter.1.Name": "tag:~*/ 하늘",
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Credential": f"{keys['access']}/{moment[:8]}/seoul/ec2/aws4_request",
            "X-Amz-Date": moment,
            "X-Amz-SignedHeaders": "host",
        },
        "headers": {"Host": "compute.example.com"},
        "body_hash": hashlib.sha256(b"").hexdigest(),
    }


FORMS: dict[str, Callable[..., Request]] = {
    "0": lambda keys, offset_s=0: by_version(0, keys, offset_s),
    "1": lambda keys, offset_s=0: by_version(1, keys, offset_s),
    "2": lambda keys, offset_s=0: by_version(2, keys, offset_s),
    "4": fourth,
    "4 by query": fourth_by_query,
}


def signed(request: Request, secret: str) -> Request:
    copied = {**request, "params": dict(request["params"]), "headers": dict(request.get("headers", {}))}
    return {**request, "signature": Ec2Signer(secret).generate(copied)}


def ask(client: Client, request: Request, name: str = "ec2Credentials") -> httpx.Response:
    return client.post("identity", "/v3/ec2tokens", json={name: request})


def ask_s3(client: Client, keys: Request, text: str, signature: str) -> httpx.Response:
    token = base64.urlsafe_b64encode(text.encode()).decode()
    body = {"credentials": {"access": keys["access"], "token": token, "signature": signature}}
    return client.post("identity", "/v3/s3tokens", json=body)


def s3_first(secret: str, text: str) -> str:
    """S3's first signature of a text."""
    return base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha1).digest()).decode()


def s3_fourth(secret: str, text: str) -> str:
    """Version 4's signature of a text that names its scope in the third line."""
    key = ("AWS4" + secret).encode()
    for part in text.split("\n")[2].split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def s3_text(offset_s: float = 0, scope: str = "seoul/s3/aws4_request") -> str:
    moment = stamp(offset_s, "%Y%m%dT%H%M%SZ")
    return "\n".join(("AWS4-HMAC-SHA256", moment, f"{moment[:8]}/{scope}", hashlib.sha256(b"request").hexdigest()))


def new_keys(client: Client, user_id: str, project_id: str) -> Request:
    """New EC2 keys of a user's for a project."""
    path = f"/v3/users/{user_id}/credentials/OS-EC2"
    answer = client.post("identity", path, json={"tenant_id": project_id})
    assert answer.status_code == 201, answer.text
    found: Request = answer.json()["credential"]
    return found
