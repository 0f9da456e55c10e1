from haneul.host.net.marks import Mark, link_group, marks_of, read_mark


def test_a_mark_is_read_as_it_was_written() -> None:
    mark = Mark("c1", "tap", "a:b")
    assert mark.text == "haneul:c1:tap:a:b"
    assert read_mark(mark.text) == mark


def test_what_others_write_is_no_mark() -> None:
    assert [read_mark(text) for text in ("", "uplink", "haneul:c1", "docker:c1:tap:x")] == [None] * 4


def test_one_cloud_is_never_taken_for_another_whose_name_begins_alike() -> None:
    assert not Mark("c12", "tap", "x").text.startswith(marks_of("c1"))
    assert link_group("c1") != link_group("c12")
    assert 0 < link_group("c1") < 2**32
