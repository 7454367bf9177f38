"""Settings: what is given wins over the environment, the environment over the file, the file over the default."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from memguard import HomeError, InvalidInput, MemguardError, Memory, Settings
from tests.checks import MARKER
from tests.conftest import Places


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of settings.toml, named by the environment as on a machine that is set up."""
    folder = tmp_path / "keys"
    folder.mkdir()
    monkeypatch.setenv("MEMGUARD_KEYS", str(folder))
    return folder


def test_defaults_are_the_platforms_folders_and_quiet_choices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MEMGUARD_CACHE", raising=False)
    settings = Settings.load()
    assert len({settings.home, settings.keys, settings.cache}) == 3
    assert all(folder.is_absolute() and "memguard" in str(folder) for folder in (settings.home, settings.cache))
    assert not settings.keys.is_relative_to(settings.home)
    assert (settings.user, settings.master, settings.model, settings.threads) == ("", "", "", 1)
    assert (settings.history_versions, settings.allow_network_home) == (20, False)


@pytest.mark.parametrize(
    ("name", "in_file", "in_environment", "given", "default"),
    [
        ("threads", "2", "3", 4, 1),
        ("history_versions", "2", "3", 0, 20),
        ("user", '"file"', "environment", "given", ""),
        ("allow_network_home", "true", "false", True, False),
        ("model", '"/file"', "/environment", "/given", ""),
        ("master", '"file"', "os", "environment", ""),
    ],
)
def test_the_nearer_source_wins(
    keys: Path, monkeypatch: pytest.MonkeyPatch, name: str, in_file: str, in_environment: str, given: Any, default: Any
) -> None:
    assert getattr(Settings.load(), name) == default

    (keys / "settings.toml").write_text(f"{name} = {in_file}\n")
    from_file = getattr(Settings.load(), name)
    assert from_file == type(default)({"true": True}.get(in_file, in_file.strip('"')))

    monkeypatch.setenv(f"MEMGUARD_{name.upper()}", in_environment)
    from_environment = getattr(Settings.load(), name)
    assert from_environment != from_file
    assert str(from_environment).lower() == in_environment

    assert getattr(Settings.load(**{name: given}), name) == given
    assert getattr(Settings.load(**{name: None}), name) == from_environment, "None means not given"


def test_an_empty_variable_counts_as_not_set(keys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (keys / "settings.toml").write_text("threads = 2\n")
    monkeypatch.setenv("MEMGUARD_THREADS", "")
    assert Settings.load().threads == 2


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", True),
        ("true", True),
        ("YES", True),
        ("on", True),
        ("0", False),
        ("false", False),
        ("No", False),
        ("off", False),
    ],
)
def test_a_switch_is_read_from_the_words_people_use(monkeypatch: pytest.MonkeyPatch, text: str, value: bool) -> None:
    monkeypatch.setenv("MEMGUARD_ALLOW_NETWORK_HOME", text)
    assert Settings.load().allow_network_home is value


@pytest.mark.parametrize("name", ["home", "keys", "cache"])
def test_a_folder_may_start_with_the_users_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv(f"MEMGUARD_{name.upper()}", "~/here")
    assert getattr(Settings.load(), name) == tmp_path / "here"


def test_the_file_is_read_from_a_keys_folder_that_starts_with_the_users_home(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    (tmp_path / "settings.toml").write_text("threads = 2\n")
    assert Settings.load(keys="~").threads == 2


BAD: dict[str, tuple[str, Any]] = {
    "threads in words": ("threads", "two"),
    "no threads": ("threads", 0),
    "threads below none": ("threads", "-1"),
    "half a thread": ("threads", 1.5),
    "versions below none": ("history_versions", -1),
    "versions in words": ("history_versions", MARKER),
    "an unknown master": ("master", MARKER),
    "a home that is no path": ("home", 5),
    "a switch in other words": ("allow_network_home", MARKER),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_value_is_refused_by_the_name_of_its_setting(case: str) -> None:
    name, value = BAD[case]
    with pytest.raises(InvalidInput) as raised:
        Settings.load(**{name: value})
    assert name in str(raised.value)
    assert MARKER not in str(raised.value)


@pytest.mark.parametrize("case", [case for case, (_, value) in BAD.items() if isinstance(value, str)])
def test_the_environment_is_checked_as_what_is_given_is(monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    name, value = BAD[case]
    monkeypatch.setenv(f"MEMGUARD_{name.upper()}", value)
    with pytest.raises(InvalidInput, match=name):
        Settings.load()


@pytest.mark.parametrize("text", ["threads", "threads = ", "= 1", "\ufeffthreads = 1 1", f'"{MARKER}'])
def test_a_settings_file_that_is_no_toml_is_refused_without_quoting_it(keys: Path, text: str) -> None:
    (keys / "settings.toml").write_text(text)
    with pytest.raises(InvalidInput, match=r"settings\.toml") as raised:
        Settings.load()
    assert MARKER not in str(raised.value)


def test_bytes_that_are_no_text_are_refused(keys: Path) -> None:
    (keys / "settings.toml").write_bytes(b"user = '\xff'")
    with pytest.raises(InvalidInput, match=r"settings\.toml"):
        Settings.load()


def test_an_unknown_setting_in_the_file_is_named(keys: Path) -> None:
    (keys / "settings.toml").write_text("thread = 2\n")
    with pytest.raises(InvalidInput, match="unknown setting thread"):
        Settings.load()


def test_an_unknown_setting_that_is_given_is_refused(home: Places) -> None:
    # A slip of the pen must not keep a history that its writer switched off.
    with pytest.raises(InvalidInput, match="history_version"):
        home.open(history_version=0)


def test_keys_inside_the_home_are_refused(tmp_path: Path) -> None:
    with pytest.raises(HomeError, match="keys"):
        Memory(tmp_path / "home", keys=tmp_path / "home" / "keys")


@pytest.mark.parametrize("home", [f"{MARKER}\0", "\0"])
def test_a_home_that_no_system_can_hold_is_refused_in_our_words(tmp_path: Path, home: str) -> None:
    with pytest.raises(MemguardError) as raised:
        Memory(home, keys=tmp_path / "keys")
    assert MARKER not in str(raised.value)


def test_every_setting_says_what_it_is_for() -> None:
    # A classmethod has it.
    source = Path(Settings.load.__func__.__code__.co_filename).read_text()  # type: ignore[attr-defined]  # a class method has it
    for field in fields(Settings):
        line = source.index(f"    {field.name}: {field.type}")
        assert source[line:].splitlines()[1].strip().startswith('"""'), field.name
