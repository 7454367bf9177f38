"""What `pip install memguard` brings: the library with its schema, types, demo and licence, and nothing beside it."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path, PurePosixPath

import pytest

from memguard import __version__
from tests.house import PACKAGE, ROOT, SERVER

pytestmark = pytest.mark.slow

NEEDED = (
    "memguard/py.typed",
    "memguard_server/py.typed",
    "memguard/demo/labels.json",
    "memguard/demo/story.json",
    *(f"memguard/migrations/sqlite/{path.name}" for path in sorted((ROOT / "migrations" / "sqlite").glob("*.sql"))),
)
NOT_OURS_TO_SHIP = ("tests", "bench", "shared", "data", "server", ".ci")
FROM_THE_WHEEL = """
import pathlib, sys
import memguard
from memguard.vault import connection, migrate, store
assert pathlib.Path(memguard.__file__).is_relative_to(sys.argv[1]), memguard.__file__
assert migrate.schema_version() == int(sys.argv[2])
store.create_file(pathlib.Path(sys.argv[3]), bytes(32))
store.check_file(pathlib.Path(sys.argv[3]), bytes(32))
"""


def built(target: Path, kind: str) -> Path:
    """The archive of a kind ("wheel", "sdist"), made by the tools that are installed: nothing is fetched."""
    for name in ("build", "hatchling"):
        assert importlib.util.find_spec(name), f"{name} is not installed: pip install -e '.[dev]' hatchling"
    command = [sys.executable, "-m", "build", f"--{kind}", "--no-isolation", "--outdir", str(target), str(ROOT)]
    run = subprocess.run(command, capture_output=True, text=True, check=False, cwd=target)
    assert run.returncode == 0, run.stdout + run.stderr
    (archive,) = target.iterdir()
    return archive


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("wheel"), "wheel")


def names(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def test_the_name_says_pure_python_and_the_version(wheel: Path) -> None:
    assert wheel.name == f"memguard-{__version__}-py3-none-any.whl"


@pytest.mark.parametrize("name", [*NEEDED, f"memguard-{__version__}.dist-info/licenses/LICENSE"])
def test_the_wheel_brings(wheel: Path, name: str) -> None:
    assert name in names(wheel)


def test_the_wheel_brings_every_module(wheel: Path) -> None:
    modules = {path.relative_to(top.parent).as_posix() for top in (PACKAGE, SERVER) for path in top.rglob("*.py")}
    assert modules == {name for name in names(wheel) if name.endswith(".py")}


def test_the_wheel_brings_nothing_else(wheel: Path) -> None:
    tops = {PurePosixPath(name).parts[0] for name in names(wheel)}
    assert tops == {"memguard", "memguard_server", f"memguard-{__version__}.dist-info"}
    for name in names(wheel):
        inside = PurePosixPath(name).parts[1:-1]
        assert not set(inside) & {*NOT_OURS_TO_SHIP, "__pycache__"}, name


def test_the_metadata_names_the_command_and_the_licence(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        info = f"memguard-{__version__}.dist-info"
        assert "memguard = memguard.cli:main" in archive.read(f"{info}/entry_points.txt").decode()
        assert "License-Expression: Apache-2.0" in archive.read(f"{info}/METADATA").decode()


def test_the_wheel_finds_its_own_schema(wheel: Path, tmp_path: Path) -> None:
    """A checkout has the migrations beside the package, a wheel has them inside."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    count = sum(name.endswith(".sql") for name in NEEDED)
    arguments = [str(tmp_path / "site"), str(count), str(tmp_path / "vault.db")]
    run = subprocess.run(
        [sys.executable, "-c", FROM_THE_WHEEL, *arguments],
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site"), "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr


def test_the_source_archive_brings_what_a_build_needs(tmp_path_factory: pytest.TempPathFactory) -> None:
    """And it holds no data that may not be passed on."""
    archive = built(tmp_path_factory.mktemp("sdist"), "sdist")
    with tarfile.open(archive) as packed:
        inside = {PurePosixPath(*PurePosixPath(name).parts[1:]).as_posix() for name in packed.getnames()}
    assert {"pyproject.toml", "LICENSE", "README.md", "migrations/sqlite/0001_first.sql"} <= inside
    assert not [name for name in inside if {"shared", ".ci"} & set(PurePosixPath(name).parts)]
