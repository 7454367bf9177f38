"""What every benchmark shares: where data and results lie, what machine this is, and how a table is printed."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from memguard import Memory

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "bench" / "results"
PACKAGES = ("faiss-cpu", "numpy", "onnxruntime", "sqlcipher3", "sqlite-utils", "tokenizers", "torch")


def parser(description: str | None) -> argparse.ArgumentParser:
    """A parser with the arguments all benchmarks take."""
    result = argparse.ArgumentParser(description=(description or "").strip().splitlines()[0])
    result.add_argument(
        "--data", type=Path, default=ROOT.parent / "shared" / "data", help="folder with evaluation data"
    )
    return result


def need(path: Path) -> Path:
    """A data file, or a clear end."""
    if not path.exists():
        sys.exit(f"{path.name} is not at {path}: give the folder with --data. This data does not ship with memguard.")
    return path


@contextmanager
def fresh_memory(**settings: Any) -> Iterator[Memory]:
    """A `Memory` in a temporary home, with its keys outside it."""
    with tempfile.TemporaryDirectory(prefix="memguard-bench-") as folder:
        base = Path(folder)
        with Memory(base / "home", keys=base / "keys", **settings) as memory:
            yield memory


def report(name: str, rows: Sequence[dict[str, Any]], **more: Any) -> None:
    """Print a table and write it, with machine, commit and versions, to a dated JSON."""
    table(rows)
    RESULTS.mkdir(parents=True, exist_ok=True)
    document = {
        "benchmark": name,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        **machine(),
        **more,
        "rows": rows,
    }
    path = RESULTS / f"{datetime.now(UTC):%Y-%m-%d}-{name}.json"
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    print(f"-> bench/results/{path.name}")


def table(rows: Sequence[dict[str, Any]]) -> None:
    """Rows as aligned columns."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    cells = [names, *([_shown(row.get(name, "")) for name in names] for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(names))]
    for row in cells:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def machine() -> dict[str, Any]:
    """Where a figure was made."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return {
        "commit": commit.stdout.strip(),
        "python": platform.python_version(),
        "cpus": os.cpu_count(),
        "cpu": platform.machine(),
        "versions": {name: version(name) for name in PACKAGES},
    }


def _shown(value: Any) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
