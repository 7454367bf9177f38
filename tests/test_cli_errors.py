"""What the command line says when it fails: an exit code, one line on stderr, no traceback, no content."""

from __future__ import annotations

import os
import subprocess
import uuid
from pathlib import Path

import pytest

from memguard.cli import cli
from tests.checks import MARKER
from tests.commands import COMMAND, Command
from tests.conftest import Places
from tests.test_cli import verbs
from tests.vault.parts import files_of, keyring_folder

TEXT = "The lantern hangs in the boat house"


@pytest.fixture
def command(home: Places) -> Command:
    """On a home with one memory of ana's. Nothing here gets as far as the model."""
    with home.open() as memory:
        memory.add(TEXT, user_id="ana")
    return Command(home)


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["frobnicate"],
        ["add"],
        ["list", "--colour", "red"],
        ["list", "--limit", "many"],
        ["show"],
        ["keys"],
        ["keys", "rotate", "--to", "cloud"],
        ["import", "/nowhere/at/all"],
        ["export"],
    ],
    ids=" ".join,
)
def test_wrong_usage_exits_with_2_and_says_how(command: Command, words: list[str]) -> None:
    ran = command.run(*words)
    assert (ran.code, ran.out) == (2, "")
    assert "Usage:" in ran.err
    assert "Traceback" not in ran.err


def test_no_owner_is_wrong_usage(command: Command) -> None:
    ran = command.run("list", MEMGUARD_USER="")
    assert (ran.code, ran.out) == (2, "")
    assert "--user" in ran.err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["list", "--user", MARKER], "no vault for this owner"),
        (["show", MARKER], "not an id"),
        (["show", str(uuid.UUID(int=7))], str(uuid.UUID(int=7))),
        (["update", str(uuid.UUID(int=7)), MARKER], "no memory"),
        (["update", MARKER, " "], "no memory"),
        (["add", "  "], "empty"),
        (["add", MARKER, "--metadata", "{"], "JSON"),
        (["add", MARKER, "--metadata", f'["{MARKER}"]'], "metadata"),
        (["add", MARKER, "--metadata", "[" * 50_000], "metadata"),
        (["add", MARKER, "--at", MARKER], "ISO 8601"),
        (["add", MARKER, "--at", "2026-05-03T10:00:00"], "time zone"),
        (["add", MARKER, "--expires", "soon"], "ISO 8601"),
        (["search", "  "], "empty"),
        (["search", MARKER, "--limit", "0"], "limit"),
        (["search", MARKER, "--filter", f'{{"{MARKER}": {{"nonsense": 1}}}}'], ""),
        (["search", MARKER, "--filter", "[" * 50_000], ""),
        (["list", "--limit", "999999999999999999999"], "limit"),
        (["list", "--offset", "-1"], "offset"),
        (["list", "--offset", "999999999999999999999"], "offset"),
        (["export", "{tmp}/nowhere/file", "--readable"], ""),
        (["export", "{tmp}", "--readable"], ""),
        (["backup", "{tmp}/nowhere/file"], ""),
        (["backup", "{tmp}"], ""),
        (["restore", "{tmp}"], ""),
        (["restore", "{tmp}/binary"], "not a backup"),
        (["import", "{tmp}"], ""),
        (["import", "{tmp}/binary"], "UTF-8"),
        (["export", "{tmp}/out", "--passphrase-file", "{tmp}"], "passphrase"),
        (["export", "{tmp}/out", "--passphrase-file", "{tmp}/binary"], "passphrase"),
        (["keys", "export", "{tmp}/out", "--passphrase-file", "{tmp}/empty"], "passphrase"),
        (["keys", "import", "{tmp}/binary", "--passphrase-file", "{tmp}/words"], ""),
        (["keys", "import", "{tmp}", "--passphrase-file", "{tmp}/words"], ""),
    ],
    ids=lambda value: " ".join(value)[:60] if isinstance(value, list) else "",
)
def test_a_refusal_is_one_line_and_quotes_nothing(
    command: Command, tmp_path: Path, words: list[str], says: str
) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00" * 100)
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "words").write_text("correct horse battery\n")
    before = files_of(command.home.home)
    line = command.refused(*[word.replace("{tmp}", str(tmp_path)) for word in words])
    assert says in line
    assert MARKER not in line
    assert files_of(command.home.home) == before


def test_bytes_that_are_no_text_are_refused(command: Command) -> None:
    command.refused("add", "-", stdin=b"caf\xe9 " + MARKER.encode())
    ran = subprocess.run(
        [COMMAND, "add", b"caf\xe9"], env=command.environment, capture_output=True, check=False, start_new_session=True
    )
    assert (ran.returncode, ran.stdout, len(ran.stderr.splitlines())) == (1, b"", 1)


@pytest.mark.parametrize("words", [("add", "-"), ("list",), ("keys", "rotate")], ids=" ".join)
def test_a_home_without_its_keyring_is_refused(command: Command, words: tuple[str, ...]) -> None:
    keyring_folder(command.home).rename(command.home.keys / "elsewhere")
    assert "memguard keys import" in command.refused(*words, stdin=TEXT)


def test_settings_that_cannot_be_read_are_one_line(command: Command) -> None:
    (command.home.keys / "settings.toml").write_text(f'colour = "{MARKER}"\n')
    assert "unknown setting colour" in command.refused("list")
    (command.home.keys / "settings.toml").write_text("not toml at all")
    assert "settings.toml" in command.refused("list")
    (command.home.keys / "settings.toml").unlink()
    assert "threads" in command.refused("list", MEMGUARD_THREADS=MARKER)
    assert "inside the home" in command.refused("list", MEMGUARD_KEYS=str(command.home.home / "keys"))


def test_reading_a_home_that_is_not_there_makes_none(home: Places) -> None:
    command = Command(home)
    assert command.json("users") == []
    for words in (["list"], ["show", str(uuid.UUID(int=7))], ["export", "x", "--readable"]):
        command.refused(*words)
    assert not home.home.exists()


def test_keys_of_a_home_that_is_not_there_are_refused_and_none_are_made(home: Places, tmp_path: Path) -> None:
    """A mistyped --home would give a kit without a key, and the belief that there is one."""
    command = Command(home)
    for words in (["keys", "rotate"], ["keys", "export", str(tmp_path / "kit")]):
        command.refused(*words, MEMGUARD_PASSPHRASE="short")
    assert not home.home.exists()
    assert not home.keys.exists()


# -- passphrases --------------------------------------------------------------------------------------------------


def test_no_verb_takes_a_passphrase_in_its_arguments() -> None:
    """Every user of a machine can read the arguments of every command that runs on it."""
    for words in verbs():
        verb = cli
        for word in words:
            verb = getattr(verb, "commands")[word]  # noqa: B009 - a group has it, its type does not say so
        options = {option for parameter in verb.params for option in parameter.opts}
        assert not {option for option in options if "pass" in option} - {"--passphrase-file"}


@pytest.mark.parametrize("words", ["export out", "import in", "keys export out", "keys import in"])
def test_a_passphrase_in_the_arguments_is_wrong_usage_and_not_repeated(
    command: Command, tmp_path: Path, words: str
) -> None:
    (tmp_path / "in").write_text('"a kettle"\n')
    for given in (["--passphrase", MARKER], [f"--passphrase={MARKER}"], ["--pass", MARKER]):
        *verb, file = words.split()
        ran = command.run(*verb, tmp_path / file, *given)
        assert (ran.code, ran.out) == (2, "")
        assert MARKER not in ran.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("words", ["export out", "keys export out", "keys import kit"])
def test_where_nobody_can_be_asked_a_missing_passphrase_is_one_line(
    command: Command, tmp_path: Path, words: str
) -> None:
    (tmp_path / "kit").write_bytes(b"age-encryption.org/v1\n")
    *verb, file = words.split()
    line = command.refused(*verb, tmp_path / file, PYTHONWARNINGS="default")
    assert "passphrase" in line.lower()
    assert not (tmp_path / "out").exists()


def test_a_short_passphrase_is_refused_and_not_repeated(command: Command, tmp_path: Path) -> None:
    line = command.refused("export", tmp_path / "out", MEMGUARD_PASSPHRASE="hunter2")
    assert "hunter2" not in line
    assert not (tmp_path / "out").exists()


# -- the other end of a pipe --------------------------------------------------------------------------------------


def test_a_reader_that_went_away_is_no_traceback(command: Command) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    ran = subprocess.run(
        [COMMAND, "list"], env=command.environment, stdout=writing, stderr=subprocess.PIPE, check=False
    )
    os.close(writing)
    assert (ran.returncode, ran.stderr) == (1, b"")
