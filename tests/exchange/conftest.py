"""Files to import."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

Write = Callable[[Any], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a file to import: bytes and text as they are, anything else as one JSON document."""

    def write_file(content: Any) -> Path:
        data = content if isinstance(content, (bytes, str)) else json.dumps(content)
        path = tmp_path / "to import"
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return path

    return write_file


def lines(values: Sequence[Any]) -> str:
    """JSON lines."""
    return "".join(json.dumps(value) + "\n" for value in values)
