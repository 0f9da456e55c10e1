"""Calls upon metadata definitions: namespaces and what stands in them."""

from typing import Any

from tests.laws.matrix.image_scene import NAMESPACE_VISIBILITIES, Case, ImageScene, Made, named

NAMESPACE = "/v2/metadefs/namespaces/{namespace_name}"
A_NAME = "a"


def within(body: Any = None, **options: Any) -> list[Case]:
    """Calls upon a namespace, or what is called `a` in it; a name in the body is one that nothing else has."""

    def of(visibility: str) -> Case:
        def made(scene: ImageScene) -> Made:
            own = scene.namespace(visibility)
            names = dict.fromkeys(("object_name", "property_name", "tag_name", "name"), A_NAME)
            target = scene.namespace_seen(visibility)
            return Made({"namespace_name": own, **names}, body(own) if callable(body) else body, target)

        return Case(made, visibility, "namespace", **options)

    return [of(visibility) for visibility in NAMESPACE_VISIBILITIES]


def new(**fields: Any) -> Any:
    return lambda own: {"name": named("thing"), **fields}


def added_tag() -> list[Case]:
    def of(case: Case) -> Case:
        def made(scene: ImageScene) -> Made:
            found = case.make(scene)
            return Made({**found.ids, "tag_name": named("tag")}, target=found.target)

        return case._replace(make=made, later=(409,))

    return [of(case) for case in within()]


def namespace(scene: ImageScene) -> Made:
    return Made(body={"namespace": named("namespace")})


def nothing(scene: ImageScene) -> Made:
    return Made()


PROPERTY = {"title": "A", "type": "string"}
READ = ("get_metadef_namespace", "get_metadef_object", "get_metadef_objects", "get_metadef_property")
READ += ("get_metadef_properties", "get_metadef_tag", "get_metadef_tags", "get_metadef_resource_type")
REMOVED = ("delete_metadef_namespace", "delete_metadef_object", "remove_metadef_property", "delete_metadef_tag")
REMOVED += ("remove_metadef_resource_type_association",)
CASES: dict[str, list[Case]] = {
    **{name: within() for name in READ},
    **{name: within(spends=True) for name in REMOVED},
    "get_metadef_namespaces": [Case(nothing, kind="namespace", also=("list_metadef_resource_types",))],
    "list_metadef_resource_types": [Case(nothing, kind="namespace")],
    "add_metadef_namespace": [Case(namespace, kind="namespace", later=(409,))],
    "modify_metadef_namespace": within(lambda own: {"namespace": own}, spends=True),
    "add_metadef_object": within(new(), later=(409,)),
    "modify_metadef_object": within({"name": A_NAME}),
    "add_metadef_property": within(new(**PROPERTY), later=(409,)),
    "modify_metadef_property": within({"name": A_NAME, **PROPERTY}),
    "add_metadef_tag": added_tag(),
    "add_metadef_tags": within({"tags": [{"name": "b"}]}),
    "modify_metadef_tag": within({"name": A_NAME}),
    "delete_metadef_tags": within(also=("delete_metadef_namespace",)),
    "add_metadef_resource_type_association": within({"name": "b"}, later=(409,)),
}
CALLS: dict[tuple[str, str, str], list[Case]] = {
    ("delete_metadef_namespace", "DELETE", f"{NAMESPACE}/objects"): within(),
    ("delete_metadef_namespace", "DELETE", f"{NAMESPACE}/properties"): within(),
}
