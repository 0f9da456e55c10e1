"""A database comes whole to its schema, however often the way there is cut."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, inspect

from haneul.kernel.db import Store
from haneul.kernel.db.migrate import current_revision, newest_revision, upgrade


class PowerCut(Exception):
    pass


def test_an_upgrade_that_is_cut_short_leaves_nothing_and_can_be_done_again(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'haneul.db'}")
    made = 0

    def cut(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        nonlocal made
        made += statement.lstrip().startswith("CREATE TABLE")
        if made == 5:
            raise PowerCut

    event.listen(store.engine, "before_cursor_execute", cut)
    with pytest.raises(PowerCut):
        upgrade(store.engine)
    event.remove(store.engine, "before_cursor_execute", cut)
    assert inspect(store.engine).get_table_names() == []
    upgrade(store.engine)
    assert current_revision(store.engine) == newest_revision()
    assert len(inspect(store.engine).get_table_names()) > 5
    store.close()
