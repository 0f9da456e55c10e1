"""Cost against rows, as a picture."""

from pathlib import Path

from bench.figures import Curve


def draw(curves: list[Curve], path: Path) -> None:
    """One line for each curve, rows on a logarithmic axis; the costliest five are named."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(9, 5.5))
    costliest = sorted(curves, key=lambda curve: curve.points[-1][1], reverse=True)[:5]
    for curve in curves:
        rows, costs = zip(*curve.points, strict=True)
        named = curve in costliest
        axes.plot(rows, costs, marker="o", linewidth=2 if named else 0.7, label=curve.name if named else None)
    axes.set_xscale("log")
    axes.set_ylim(bottom=0)
    axes.set_xlabel("rows in the table")
    axes.set_ylabel("CPU ms of the server for a page of 1000 from the middle")
    axes.set_title("What a page costs as rows grow, one line for each sort key and direction")
    axes.legend(title="costliest")
    axes.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(path, dpi=120)
    pyplot.close(figure)
