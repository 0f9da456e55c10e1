from typing import Annotated

import msgspec

from haneul.kernel.schema import UNSET, Meta, OpenBody, UnsetType, View
from haneul.services.identity.credentials.blobs import Pair
from haneul.services.identity.credentials.models import Credential
from haneul.services.identity.schemas import Id, Links, link

Scalar = str | int | float | bool | None


class Ec2CredentialCreate(OpenBody):
    tenant_id: Id


class Ec2CredentialView(View):
    user_id: str
    tenant_id: str | None
    access: str
    secret: str
    trust_id: str | None
    links: Links

    @classmethod
    def of(cls, credential: Credential, pair: Pair, url: str) -> "Ec2CredentialView":
        """`url` is where the user's collection stands; the access key is what names a credential in it."""
        return cls(
            user_id=credential.user_id,
            tenant_id=credential.project_id,
            access=pair.access,
            secret=pair.secret,
            trust_id=credential.trust_id,
            links=link(url, pair.access),
        )


class SignedRequest(OpenBody):
    """A request as its signer saw it. `body_hash`: hexadecimal SHA-256 of its body. S3 has only a `token`: the text
    that was signed, in URL-safe base64."""

    access: Annotated[str, Meta(max_length=255)] | UnsetType = UNSET
    signature: str | None = None
    token: str | None = None
    host: str | None = None
    verb: str | None = None
    path: str | None = None
    params: dict[str, Scalar] | None = None
    headers: dict[str, Scalar] | None = None
    body_hash: str | None = None


class SignatureBody(OpenBody):
    """Clients put the signed request under three names; the first that holds anything counts."""

    credentials: SignedRequest | None = None
    credential: SignedRequest | None = None
    ec2_credentials: SignedRequest | None = msgspec.field(default=None, name="ec2Credentials")

    @property
    def request(self) -> SignedRequest:
        return self.credentials or self.credential or self.ec2_credentials or SignedRequest()
