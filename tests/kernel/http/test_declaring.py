"""What a handler's signature may ask for, and what a declared route answers beside its own method."""

import pytest

from haneul.kernel.http import PUBLIC, Call, Routes
from haneul.kernel.http.unbuilt import Unbuilt, refusing_routes


def test_a_handler_that_several_paths_share_takes_whatever_they_name() -> None:
    routes = Routes()

    def show(call: Call, **ids: str) -> None: ...

    for path in ("/gardens/{garden_id}", "/gardens/{garden_id}/roses/{rose_id}"):
        routes.get(path, rule=PUBLIC)(show)
    assert [route.path_names for route in routes.all] == [("garden_id",), ("garden_id", "rose_id")]


def test_a_parameter_that_no_request_fills_is_refused() -> None:
    def show(call: Call, weather: str) -> None: ...

    with pytest.raises(TypeError, match="weather"):
        Routes().get("/gardens", rule=PUBLIC)(show)


def test_head_is_built_where_get_is() -> None:
    routes = Routes()

    @routes.get("/gardens", rule=PUBLIC)
    def list_gardens(call: Call) -> None: ...

    lacking = [Unbuilt(method=method, path=path) for method in ("HEAD", "GET") for path in ("/gardens", "/roses")]
    refusing = refusing_routes(lacking, routes.all)
    assert {(route.method, route.path) for route in refusing} == {("HEAD", "/roses"), ("GET", "/roses")}
