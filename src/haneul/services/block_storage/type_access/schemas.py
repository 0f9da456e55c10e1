from haneul.kernel.schema import Name, StrictBody, View


class Grant(StrictBody):
    """`project` is the project's id."""

    project: Name


class AccessView(View):
    volume_type_id: str
    project_id: str
