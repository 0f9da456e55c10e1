"""Fuzz the readers of image files, guided by coverage: python tools/fuzz.py --seconds 300

It needs atheris (Apache-2.0), which is no part of haneul's own environment:
    python3 -m venv /tmp/fuzz && /tmp/fuzz/bin/pip install atheris==3.0.0
    /tmp/fuzz/bin/python tools/fuzz.py --folder /tmp/fuzz --seconds 300
Inputs that end it are left in the folder as crash-*; `--again FILE` runs one of them.
"""

import argparse
import importlib
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MOST_INPUT_BYTES = 1 << 18


def main() -> None:
    """Write the zoo as the first corpus, then fuzz until the time is over or something breaks."""
    options = parsed()
    sys.path[:0] = [str(ROOT), str(ROOT / "src")]
    atheris = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["haneul.host.disk"]):
        targets = importlib.import_module("tests.fuzz.targets")
    if options.again:
        targets.one_input(options.again.read_bytes())
        return
    corpus = options.folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for name, seed in targets.seeds():
        (corpus / name).write_bytes(seed)
    flags = [f"-max_total_time={options.seconds}", f"-max_len={MOST_INPUT_BYTES}", "-timeout=60", "-rss_limit_mb=2048"]
    where = [f"-artifact_prefix={options.folder}/", "-print_final_stats=1", "-len_control=0"]
    atheris.Setup([sys.argv[0], *flags, *where, str(corpus)], targets.one_input)
    atheris.Fuzz()


def parsed() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Fuzz the readers of image files.")
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--folder", type=Path, default=Path("/tmp/fuzz"))
    parser.add_argument("--again", type=Path, help="run this one input and end")
    return parser.parse_args()


if __name__ == "__main__":
    main()
