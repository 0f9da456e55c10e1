"""Calls upon tokens, trusts, credentials and application credentials: what belongs to one user."""

import base64
from typing import Any

from tests.laws.matrix.catalog_cases import plain
from tests.laws.matrix.personas import Persona
from tests.laws.matrix.scene import SELF, Case, Made, Scene, Target, named, user_seen
from tests.services.identity import signing
from tests.surface import DefaultRule

TRUSTS = "/v3/OS-TRUST/trusts"


def subject(scene: Scene, row: DefaultRule) -> Made:
    """A token of the owner's, which a call may end."""
    token = scene.new_token() if row.method == "DELETE" else scene.once(Scene.new_token)
    target = {"token": {"user_id": scene.home.owner["id"]}}
    return Made(target=target, headers={"X-Subject-Token": token})


def application_credential(scene: Scene, **fields: Any) -> dict[str, Any]:
    path = f"/v3/users/{scene.home.owner['id']}/application_credentials"
    name = named("credential")
    return scene.new("application_credential", path=path, token=scene.owner.token, name=name, **fields)


def one_application_credential(scene: Scene) -> str:
    return str(application_credential(scene)["id"])


def upon_application_credential(scene: Scene, row: DefaultRule) -> Made:
    """Keystone looks at whose the credential is, whoever the path names."""
    make = one_application_credential
    found = make(scene) if row.method == "DELETE" else scene.once(make)
    return Made({"user_id": scene.home.owner["id"], "application_credential_id": found})


def under_own_name(scene: Scene, row: DefaultRule) -> Made:
    """Another's application credential, under the caller's own name."""
    made = upon_application_credential(scene, row)
    made.ids["user_id"], made.taken = SELF, {"user_id": scene.home.owner["id"]}
    return made


def new_application_credential(scene: Scene, row: DefaultRule) -> Made:
    return Made({"user_id": scene.home.owner["id"]}, {"application_credential": {"name": named("credential")}})


def of_owner(scene: Scene, row: DefaultRule) -> Made:
    return Made({"user_id": scene.home.owner["id"]}, target={"user": user_seen(scene.home.owner)})


def access_rule(scene: Scene) -> str:
    """A rule that no application credential uses any more, so that it may go."""
    rule = {"service": "compute", "method": "GET", "path": f"/v2.1/{named('servers')}"}
    made = application_credential(scene, access_rules=[rule])
    path = f"/v3/users/{scene.home.owner['id']}/application_credentials/{made['id']}"
    scene.must("DELETE", path, token=scene.owner.token)
    return str(made["access_rules"][0]["id"])


def upon_access_rule(scene: Scene, row: DefaultRule) -> Made:
    made = of_owner(scene, row)
    made.ids["access_rule_id"] = access_rule(scene) if row.method == "DELETE" else scene.once(access_rule)
    return made


def credential_body(scene: Scene) -> dict[str, Any]:
    return {"type": "cert", "blob": named("certificate"), "user_id": scene.home.owner["id"]}


def credential(scene: Scene) -> str:
    return str(scene.new("credential", **credential_body(scene))["id"])


def upon_credential(scene: Scene, row: DefaultRule) -> Made:
    found = credential(scene) if row.method == "DELETE" else scene.once(credential)
    body = {"credential": {"blob": "another"}} if row.method == "PATCH" else None
    return Made({"credential_id": found}, body, {"credential": {"user_id": scene.home.owner["id"]}})


def new_credential(scene: Scene, row: DefaultRule) -> Made:
    body = credential_body(scene)
    return Made(body={"credential": body}, target={"credential": body})


def own_credentials(persona: Persona) -> Target:
    """Without a token of the system one asks for one's own, and sees those that one may see."""
    return {} if persona.credentials["system_scope"] else {"credential": {"user_id": persona.user_id}}


def unseen_credentials(scene: Scene, persona: Persona) -> set[str]:
    token = persona.credentials
    sees_all = "admin" in token["roles"] or (token["system_scope"] and "reader" in token["roles"])
    return set() if sees_all or persona.user_id == scene.home.owner["id"] else {scene.home.owner["id"]}


def all_credentials(scene: Scene, row: DefaultRule) -> Made:
    scene.once(credential)
    return Made(target=own_credentials)


def keys(scene: Scene) -> dict[str, Any]:
    return signing.new_keys(scene.client, scene.home.owner["id"], scene.home.project_id)


def upon_keys(scene: Scene, row: DefaultRule) -> Made:
    found = keys(scene) if row.method == "DELETE" else scene.once(keys)
    ids = {"user_id": scene.home.owner["id"], "credential_id": found["access"]}
    return Made(ids, target={"credential": {"user_id": scene.home.owner["id"]}})


def new_keys(scene: Scene, row: DefaultRule) -> Made:
    """The path alone says whose the keys will be."""
    user_id = scene.home.owner["id"]
    body = {"tenant_id": scene.home.project_id}
    return Made({"user_id": user_id}, body, {"credential": {"user_id": user_id}})


def in_own_path(scene: Scene, row: DefaultRule) -> Made:
    """Another's keys, under the caller's own name."""
    made = upon_keys(scene, row)
    made.ids["user_id"] = SELF
    return made


def signed_for_ec2(scene: Scene, row: DefaultRule) -> Made:
    found = scene.once(keys)
    request = signing.by_version(2, found, Nonce=named("nonce"))
    return Made(body={"ec2Credentials": signing.signed(request, found["secret"])})


def signed_for_s3(scene: Scene, row: DefaultRule) -> Made:
    found, text = scene.once(keys), signing.s3_text()
    token = base64.urlsafe_b64encode(text.encode()).decode()
    signature = signing.s3_fourth(found["secret"], text)
    return Made(body={"credentials": {"access": found["access"], "token": token, "signature": signature}})


def trust_body(scene: Scene) -> dict[str, Any]:
    return {
        "trustor_user_id": scene.home.owner["id"],
        "trustee_user_id": scene.trustee["id"],
        "project_id": scene.home.project_id,
        "impersonation": False,
        "roles": [{"name": "reader"}],
    }


def trust(scene: Scene) -> str:
    return str(scene.new("trust", path=TRUSTS, token=scene.owner.token, **trust_body(scene))["id"])


def upon_trust(scene: Scene, row: DefaultRule) -> Made:
    found = trust(scene) if row.method == "DELETE" else scene.once(trust)
    ids = {"trust_id": found, "role_id": scene.reader["id"]}
    return Made(ids, target={"trust": trust_body(scene)})


def new_trust(scene: Scene, row: DefaultRule) -> Made:
    return Made(body={"trust": trust_body(scene)}, target={"trust": trust_body(scene)})


def trusts_of(word: str) -> Case:
    """Lists look at nobody's trusts but at whom the query names."""

    def made(scene: Scene, row: DefaultRule) -> Made:
        user_id = trust_body(scene)[word]
        return Made({word: user_id}, target={"trust": {word: user_id}})

    return Case(made)


UPON_APPLICATION_CREDENTIAL = [Case(upon_application_credential), Case(under_own_name, "under one's own name")]
OF_TRUST = ("get_trust", "delete_trust", "list_roles_for_trust", "get_role_for_trust")
OWN = ("get_auth_projects", "get_auth_domains", "get_auth_system", "list_projects_for_user", "list_domains_for_user")
CASES: dict[str, list[Case]] = {
    **{name: [Case(plain)] for name in OWN},
    "get_auth_catalog": [Case(plain)],
    **{f"{verb}_token": [Case(subject)] for verb in ("check", "validate", "revoke")},
    "get_application_credential": UPON_APPLICATION_CREDENTIAL,
    "delete_application_credential": UPON_APPLICATION_CREDENTIAL,
    "list_application_credentials": [Case(of_owner)],
    "create_application_credential": [Case(new_application_credential, later=(400,))],
    "get_access_rule": [Case(upon_access_rule)],
    "delete_access_rule": [Case(upon_access_rule)],
    "list_access_rules": [Case(of_owner)],
    "get_credential": [Case(upon_credential)],
    "update_credential": [Case(upon_credential)],
    "delete_credential": [Case(upon_credential)],
    "create_credential": [Case(new_credential)],
    "list_credentials": [Case(all_credentials, unseen=unseen_credentials)],
    "ec2_get_credential": [Case(upon_keys), Case(in_own_path, "under one's own name")],
    "ec2_delete_credential": [Case(upon_keys), Case(in_own_path, "under one's own name")],
    "ec2_list_credentials": [Case(of_owner)],
    "ec2_create_credential": [Case(new_keys)],
    "ec2tokens_validate": [Case(signed_for_ec2)],
    "s3tokens_validate": [Case(signed_for_s3)],
    "list_trusts": [Case(plain)],
    "list_trusts_for_trustor": [trusts_of("trustor_user_id")],
    "list_trusts_for_trustee": [trusts_of("trustee_user_id")],
    "create_trust": [Case(new_trust)],
    **{name: [Case(upon_trust)] for name in OF_TRUST},
}
