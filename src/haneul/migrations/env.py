"""Run by alembic: uses the connection that `kernel.db.migrate` hands over."""

from alembic import context

from haneul.kernel.db import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    include_object=context.config.attributes.get("include_object", lambda *_: True),
    render_item=context.config.attributes.get("render_item", lambda *_: False),
)
with context.begin_transaction():
    context.run_migrations()
