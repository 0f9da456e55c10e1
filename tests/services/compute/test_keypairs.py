import base64
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import pkcs12
from tests.support.cloud import Client, RunningCloud

# A key of everybody's: nobody has its other half.
PUBLIC = (
    ed25519.Ed25519PrivateKey.generate()
    .public_key()
    .public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    .decode()
    + " someone@somewhere"
)
PATH = "/v2.1/os-keypairs"


def at(client: Client, version: str) -> Client:
    return client.with_headers(X_OpenStack_Nova_API_Version=version)


def make(client: Client, **values: str) -> dict[str, str]:
    answer = client.post("compute", PATH, json={"keypair": values})
    assert answer.status_code in (200, 201), answer.text
    found: dict[str, str] = answer.json()["keypair"]
    return found


def test_a_key_is_imported_shown_listed_and_deleted(admin: Client) -> None:
    newest = at(admin, "2.100")
    made = newest.post("compute", PATH, json={"keypair": {"name": "own", "public_key": PUBLIC}})
    assert made.status_code == 201
    keypair = made.json()["keypair"]
    assert sorted(keypair) == ["fingerprint", "name", "public_key", "type", "user_id"]
    assert (keypair["public_key"], keypair["type"], len(keypair["fingerprint"])) == (PUBLIC, "ssh", 47)
    shown = newest.get("compute", f"{PATH}/own").json()["keypair"]
    assert shown | keypair == shown
    assert (shown["deleted"], shown["deleted_at"], shown["updated_at"]) == (False, None, None)
    (item,) = newest.get("compute", PATH).json()["keypairs"]
    assert sorted(item["keypair"]) == ["fingerprint", "name", "public_key", "type"]
    assert newest.delete("compute", f"{PATH}/own").status_code == 204
    gone = newest.get("compute", f"{PATH}/own")
    assert gone.status_code == 404
    user_id = keypair["user_id"]
    assert gone.json()["itemNotFound"]["message"] == f"Keypair own not found for user {user_id}"


def test_a_key_is_made_until_2_91(admin: Client) -> None:
    made = admin.post("compute", PATH, json={"keypair": {"name": "made"}})
    assert made.status_code == 200
    keypair = made.json()["keypair"]
    assert "type" not in keypair
    private = serialization.load_pem_private_key(keypair["private_key"].encode(), None)
    public = private.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    assert keypair["public_key"] == f"{public.decode()} Generated-by-Nova"
    assert "private_key" not in admin.get("compute", f"{PATH}/made").json()["keypair"]
    refused = at(admin, "2.92").post("compute", PATH, json={"keypair": {"name": "later"}})
    assert refused.status_code == 400
    assert admin.delete("compute", f"{PATH}/made").status_code == 202


def test_a_certificate_is_made_and_imported(admin: Client) -> None:
    client = at(admin, "2.2")
    made = make(client, name="windows", type="x509")
    key, certificate, _ = pkcs12.load_key_and_certificates(base64.b64decode(made["private_key"]), None)
    assert key is not None
    assert certificate is not None
    assert certificate == x509.load_pem_x509_certificate(made["public_key"].encode())
    assert made["fingerprint"].count(":") == 19
    again = make(client, name="again", type="x509", public_key=made["public_key"])
    assert again["fingerprint"] == made["fingerprint"]
    for name in ("windows", "again"):
        client.delete("compute", f"{PATH}/{name}")


@pytest.mark.parametrize(
    ("version", "wrong"),
    [
        ("2.1", {"name": "a@b"}),
        ("2.1", {"name": ""}),
        ("2.92", {"name": " a"}),
        ("2.92", {"name": "a/b"}),
        ("2.92", {"type": "pgp"}),
        ("2.92", {"public_key": "ssh-rsa nonsense"}),
        ("2.1", {"type": "ssh"}),
        ("2.9", {"user_id": "someone"}),
    ],
)
def test_what_is_no_keypair_is_refused(admin: Client, version: str, wrong: dict[str, str]) -> None:
    body = {"keypair": {"name": "a", "public_key": PUBLIC, **wrong}}
    assert at(admin, version).post("compute", PATH, json=body).status_code == 400


def test_a_name_stands_once_per_user(admin: Client, member: Client) -> None:
    make(admin, name="same", public_key=PUBLIC)
    body = {"keypair": {"name": "same", "public_key": PUBLIC}}
    refused = admin.post("compute", PATH, json=body)
    assert refused.status_code == 409
    assert refused.json()["conflictingRequest"]["message"] == "Key pair 'same' already exists."
    make(member, name="same", public_key=PUBLIC)
    for client in (admin, member):
        assert client.delete("compute", f"{PATH}/same").status_code == 202


def test_an_admin_reaches_the_keys_of_others_and_nobody_else_does(admin: Client, member: Client) -> None:
    theirs = make(at(member, "2.10"), name="theirs", public_key=PUBLIC)
    query = {"user_id": theirs["user_id"]}
    (item,) = at(admin, "2.10").get("compute", PATH, params=query).json()["keypairs"]
    assert item["keypair"]["name"] == "theirs"
    assert at(admin, "2.9").get("compute", PATH, params=query).json()["keypairs"] == []
    own = make(admin, name="own", public_key=PUBLIC)
    hidden = at(member, "2.10").get("compute", PATH, params={"user_id": own["user_id"]})
    assert hidden.status_code == 403
    for client, name in ((member, "theirs"), (admin, "own")):
        client.delete("compute", f"{PATH}/{name}")


def test_the_list_is_paged_from_2_35(cloud: RunningCloud, admin: Client) -> None:
    for name in ("a", "b", "c"):
        make(admin, name=name, public_key=PUBLIC)
    page = at(admin, "2.35").get("compute", PATH, params={"limit": "2"}).json()
    assert [item["keypair"]["name"] for item in page["keypairs"]] == ["a", "b"]
    following = page["keypairs_links"][0]["href"].removeprefix(cloud.url("compute"))
    rest = at(admin, "2.35").get("compute", following).json()
    assert [item["keypair"]["name"] for item in rest["keypairs"]] == ["c"]
    assert len(at(admin, "2.34").get("compute", PATH, params={"limit": "2"}).json()["keypairs"]) == 3
    assert at(admin, "2.35").get("compute", PATH, params={"marker": "z"}).status_code == 400
    for name in ("a", "b", "c"):
        admin.delete("compute", f"{PATH}/{name}")


def test_a_key_is_known_in_any_capitals_if_there_is_only_one(admin: Client) -> None:
    make(admin, name="MyKey", public_key=PUBLIC)
    assert admin.get("compute", f"{PATH}/Mykey").json()["keypair"]["name"] == "MyKey"
    make(admin, name="MYKEY", public_key=PUBLIC)
    assert admin.get("compute", f"{PATH}/MyKey").json()["keypair"]["name"] == "MyKey"
    assert admin.get("compute", f"{PATH}/mykey").status_code == 404
    for name in ("MyKey", "mykey"):
        assert admin.delete("compute", f"{PATH}/{name}").status_code == 202
    assert admin.get("compute", PATH).json()["keypairs"] == []


def test_many_requests_at_once_stay_within_the_quota(admin: Client) -> None:
    default = "/v2.1/os-quota-class-sets/default"
    admin.put("compute", default, json={"quota_class_set": {"key_pairs": 3}})
    names = [f"at-once-{number}" for number in range(8)]

    def post(name: str) -> int:
        return admin.post("compute", PATH, json={"keypair": {"name": name, "public_key": PUBLIC}}).status_code

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(post, names)) == [200] * 3 + [403] * 5
    for name in names:
        admin.delete("compute", f"{PATH}/{name}")
    admin.put("compute", default, json={"quota_class_set": {"key_pairs": 100}})


def test_a_user_has_no_more_keys_than_the_quota_allows(cloud: RunningCloud, admin: Client) -> None:
    default = "/v2.1/os-quota-class-sets/default"
    admin.put("compute", default, json={"quota_class_set": {"key_pairs": 1}})
    make(admin, name="first", public_key=PUBLIC)
    refused = admin.post("compute", PATH, json={"keypair": {"name": "second", "public_key": PUBLIC}})
    assert refused.status_code == 403
    assert refused.json()["forbidden"]["message"] == "Quota exceeded, too many key pairs."
    admin.put("compute", default, json={"quota_class_set": {"key_pairs": 100}})
    admin.delete("compute", f"{PATH}/first")
