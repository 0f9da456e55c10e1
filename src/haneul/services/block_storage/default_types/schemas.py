from haneul.kernel.schema import Name, StrictBody, View


class DefaultTypeSet(StrictBody):
    """`volume_type` is a type's id or name."""

    volume_type: Name


class DefaultTypeView(View):
    project_id: str
    volume_type_id: str
