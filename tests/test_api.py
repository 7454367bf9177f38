"""The public API: small, sorted, and the same wherever it is listed. A new name is a decision."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
import tomllib
import types
import typing
from typing import Any

import pytest

import memguard
from memguard import MemguardError, Memory, errors
from memguard.forgetful import Forgetful
from memguard.personal import Personal
from tests.house import ROOT

WITHIN_A_PARENT = frozenset(
    "KeyringMissing KeyringOutdated MasterWrong MasterAmbiguous VaultBusy VaultTooNew VaultUnreadable".split()
)
"""Errors that a caller catches by their parent, since what is to be done stands in the message."""
VERBS = {**vars(Personal), **vars(Forgetful), **vars(Memory)}


def test_all_is_sorted_and_names_nothing_twice() -> None:
    assert memguard.__all__ == sorted(set(memguard.__all__))


@pytest.mark.parametrize("name", memguard.__all__)
def test_every_name_resolves_to_a_documented_class(name: str) -> None:
    found = getattr(memguard, name)
    assert inspect.isclass(found)
    assert found.__name__ == name
    assert found.__doc__
    assert not found.__doc__.startswith(f"{name}("), f"{name} has the docstring that dataclass makes up: write one"


def test_a_name_that_is_not_there_is_refused() -> None:
    with pytest.raises(AttributeError, match="memguard.*Memroy"):
        getattr(memguard, "Memroy")  # noqa: B009 - mypy would see through it


def test_dir_and_star_agree_with_all() -> None:
    """In a fresh process, since whatever a test imports stays as an attribute of the package."""
    code = "import json, memguard\nfrom memguard import *\nprint(json.dumps([dir(memguard), sorted(globals())]))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    listed, starred = json.loads(run.stdout)
    assert listed == sorted([*memguard.__all__, "__version__"])
    assert {name for name in starred if not name.startswith("_")} == {*memguard.__all__, "json", "memguard"}


def test_the_table_of_names_says_the_same_as_the_types() -> None:
    """`_HOMES` serves at run time, the block under TYPE_CHECKING serves mypy: neither may lag behind."""
    assert sorted(memguard._HOME_OF) == memguard.__all__
    for name, module in memguard._HOME_OF.items():
        assert getattr(memguard, name).__module__ == f"memguard.{module}"


def test_every_error_is_exported_or_caught_by_its_parent() -> None:
    known = {
        name for name, found in vars(errors).items() if inspect.isclass(found) and found.__module__ == errors.__name__
    }
    inside = known - set(memguard.__all__)
    assert inside == WITHIN_A_PARENT
    for name in inside:
        parents = {parent.__name__ for parent in getattr(errors, name).__mro__[1:]} - {MemguardError.__name__}
        assert parents & set(memguard.__all__), f"nobody can catch {name}"


def test_what_memory_hands_out_is_exported() -> None:
    """A caller can name the type of everything that a verb returns."""
    for verb in (name for name in VERBS if not name.startswith("_") and callable(getattr(Memory, name))):
        returned = typing.get_type_hints(getattr(Memory, verb))["return"]
        for found in parts(returned):
            ours = getattr(found, "__module__", "").startswith("memguard")
            assert not ours or found.__name__ in memguard.__all__, f"Memory.{verb} returns {found}: export it"


def parts(annotation: Any) -> list[Any]:
    """The classes that an annotation is made of."""
    inner = typing.get_args(annotation)
    return [part for arg in inner for part in parts(arg)] if inner else [annotation]


def test_every_verb_is_documented_and_takes_names() -> None:
    """What follows the first arguments is given by name, so that an argument can be added later."""
    for name, verb in VERBS.items():
        if name.startswith("_") or not isinstance(verb, types.FunctionType):
            continue
        assert verb.__doc__, f"Memory.{name} has no docstring"
        by_place = [p for p in inspect.signature(verb).parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
        assert len(by_place) <= 3, f"Memory.{name}: give what follows the second argument by name"
        assert "user_id" not in [p.name for p in by_place], f"Memory.{name}: whose memory it is, is always named"


def test_the_version_is_the_one_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert memguard.__version__ == project["version"]
