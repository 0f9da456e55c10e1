"""Tables as OpenStack's own clients print them, with borders."""

from collections.abc import Sequence


def table(names: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Rows under the names of their columns; a cell may have several lines."""
    cells = [[str(cell).split("\n") for cell in row] for row in (names, *rows)]
    widths = [max(len(line) for row in cells for line in row[index]) for index in range(len(names))]
    border = "+" + "+".join("-" * (width + 2) for width in widths) + "+"
    printed = [_row(row, widths) for row in cells]
    return "\n".join([border, printed[0], border, *printed[1:], *([border] if rows else [])])


def _row(cells: Sequence[Sequence[str]], widths: Sequence[int]) -> str:
    height = max(len(cell) for cell in cells)
    lines = []
    for place in range(height):
        texts = [cell[place] if place < len(cell) else "" for cell in cells]
        lines.append("| " + " | ".join(text.ljust(width) for text, width in zip(texts, widths, strict=True)) + " |")
    return "\n".join(lines)
