import pytest

from haneul.kernel.errors import ApiError
from haneul.kernel.http.manners import Manners

JSON = ("application/json",)
USUAL, STRICT = Manners(), Manners(media_type_required=True)


@pytest.mark.parametrize(
    ("manners", "given", "has_body", "status"),
    [
        (USUAL, "application/json; charset=utf-8", True, None),
        (USUAL, "", True, None),
        (USUAL, "text/plain", False, None),
        (USUAL, "text/plain", True, 415),
        (STRICT, "Application/JSON", True, None),
        (STRICT, "", True, 400),
        (STRICT, "", False, 415),
        (STRICT, "text/plain", False, 415),
    ],
)
def test_a_media_type_is_refused_as_strictly_as_the_service_does(
    manners: Manners, given: str, has_body: bool, status: int | None
) -> None:
    refused = None
    try:
        manners.refuse_media_type(given, JSON, has_body=has_body)
    except ApiError as error:
        refused = error.status
        str(error)
    assert refused == status
