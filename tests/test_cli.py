"""The command line, through the installed script: what every verb answers to a program and to a person."""

from __future__ import annotations

import contextlib
import os
import pty
import stat
import subprocess
import termios
import uuid
from pathlib import Path
from typing import Any

import pytest

from memguard.cli import cli
from memguard.retrieval.embedder import PackagedEmbedder
from tests.commands import COMMAND, Command
from tests.conftest import CACHE, Places
from tests.vault.age import quickly_sealed
from tests.vault.parts import copy_of

PASSPHRASE = "correct horse battery"
ID = str(uuid.UUID(int=1))


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, packaged_model: PackagedEmbedder) -> Places:
    """A home of ana's and ben's, made once; every test works on a copy."""
    folder = tmp_path_factory.mktemp("filled")
    places = Places(folder / "home", folder / "keys", CACHE)
    with places.open(packaged_model) as memory:
        items: list[dict[str, Any]] = [
            {"id": ID, "text": "Since May I have been living in Lisbon", "actor": "Ana", "metadata": {"team": "web"}},
            {"text": "The build breaks when the cache is cold", "run_id": "r-1", "environment": "site"},
            {"text": "Her dentist is on the second floor"},
        ]
        memory.add_many(items, user_id="ana")
        memory.add("The ladder stands in the shed", user_id="ben")
    return places


@pytest.fixture
def command(filled: Places, tmp_path: Path) -> Command:
    return Command(copy_of(filled, tmp_path))


def test_add_stores_and_search_finds(home: Places) -> None:
    command = Command(home)
    words = (
        *("add", "A kettle whistles at seven", "--key", "k", "--at", "2026-05-03T10:00:00+02:00", "--actor", "Ana"),
        *(
            "--metadata",
            '{"team": "web"}',
            "--run",
            "r-1",
            "--project",
            "site",
            "--source",
            "user",
            "--agent",
            "claude",
        ),
    )
    stored, again = command.json(*words), command.json(*words)
    assert (stored["duplicate"], again["duplicate"]) == (False, True)
    assert again["id"] == stored["id"]  # the same key stores once
    (hit,) = command.json("search", "which noise is there at 7?", "--filter", '{"team": "web"}')
    record = hit["record"]
    assert (record["id"], record["text"]) == (stored["id"], "A kettle whistles at seven")
    assert record["happened_at"] == "2026-05-03T10:00:00+02:00"
    assert [record[name] for name in ("actor", "run_id", "environment", "source", "agent_id")] == [
        "Ana",
        "r-1",
        "site",
        "user",
        "claude",
    ]
    assert (hit["user_id"], record["metadata"]) == ("ana", {"team": "web"})


def test_text_comes_from_standard_input_where_a_dash_stands(home: Places) -> None:
    command = Command(home)
    text = "Zürich, 東京 and 🚀\nin two lines"
    stored = command.json("add", "-", stdin=text)
    assert command.json("show", stored["id"])["text"] == text
    command.json("update", stored["id"], "-", stdin="A kettle")
    assert command.json("list")[0]["text"] == "A kettle"


def test_list_narrows_and_pages(command: Command) -> None:
    assert len(command.json("list")) == 3
    assert [r["text"] for r in command.json("list", "--limit", "1", "--offset", "2")] == [
        "Her dentist is on the second floor"
    ]
    assert [r["run_id"] for r in command.json("list", "--project", "site")] == ["r-1"]
    assert command.json("list", "--run", "nothing") == []
    assert len(command.json("list", "--user", "ben")) == 1


def test_show_and_update_keep_the_earlier_wording(command: Command) -> None:
    assert command.json("update", ID, "Since June I have been living in Porto")["id"] == ID
    shown = command.json("show", ID)
    assert (shown["text"], shown["version"]) == ("Since June I have been living in Porto", 2)
    assert [version["text"] for version in shown["history"]] == ["Since May I have been living in Lisbon"]


def test_users_lists_every_owner(command: Command) -> None:
    assert command.json("users") == ["ana", "ben"]
    assert command.run("users").out == "ana\nben\n"


def test_what_people_read_is_one_line_a_memory(command: Command) -> None:
    listed = command.run("list")
    assert (listed.code, listed.err, len(listed.out.splitlines())) == (0, "", 3)
    assert listed.out.splitlines()[0].startswith(ID)
    found = command.run("search", "where does Ana live?")
    assert "Lisbon" in found.out.splitlines()[0]
    assert "Since May" in command.run("show", ID).out


def test_a_readable_export_is_imported_by_another_owner(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "export"
    assert command.json("export", path, "--readable") == {"exported": 3}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    done = command.json("import", path, "--user", "zoe")
    assert (done["stored"], done["duplicates"], done["rejected"]) == (3, 0, [])
    assert command.json("show", ID, "--user", "zoe")["text"].endswith("Lisbon")


def test_a_sealed_export_needs_no_more_than_a_passphrase(command: Command, tmp_path: Path) -> None:
    assert command.json("export", tmp_path / "sealed", MEMGUARD_PASSPHRASE=PASSPHRASE) == {"exported": 3}
    assert b"Lisbon" not in (tmp_path / "sealed").read_bytes()
    assert command.json("export", tmp_path / "readable", "--readable")
    (tmp_path / "bundle").write_bytes(quickly_sealed((tmp_path / "readable").read_bytes(), PASSPHRASE))
    (tmp_path / "passphrase").write_text(PASSPHRASE + "\n")
    words = ("import", tmp_path / "bundle", "--user", "zoe", "--passphrase-file", tmp_path / "passphrase")
    assert command.json(*words)["stored"] == 3


def test_an_import_in_part_says_which_part_and_exits_with_3(command: Command, tmp_path: Path) -> None:
    (tmp_path / "lines").write_text('"A kettle"\n{"text": 5}\n')
    done = command.json("import", tmp_path / "lines", code=3)
    assert (done["stored"], [refused["position"] for refused in done["rejected"]]) == (1, [2])


def test_fields_given_to_import_are_those_of_every_item(command: Command, tmp_path: Path) -> None:
    (tmp_path / "lines").write_text('"A kettle"\n"A lantern"\n')
    command.json("import", tmp_path / "lines", "--run", "r-7", "--project", "house")
    assert len(command.json("list", "--run", "r-7", "--project", "house")) == 2


def test_a_backup_brings_back_what_was_there(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "b.tar"
    assert command.json("backup", path, "--all") == {"vaults": 2}
    command.json("update", ID, "Something else")
    assert command.json("restore", path) == {"vaults": 1, "unopenable": [], "forgotten": 0, "unsure": 0}
    assert command.json("show", ID)["text"].endswith("Lisbon")
    assert command.json("restore", path, "--all")["vaults"] == 2


def test_a_backup_that_opens_in_part_exits_with_3(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "b.tar"
    command.json("backup", path, "--all")
    with command.home.open() as memory:
        memory.delete_all(user_id="ben")
    restored = command.json("restore", path, "--all", code=3)
    assert (restored["vaults"], len(restored["unopenable"])) == (1, 1)


def test_keys_are_rotated_and_a_lost_keyring_is_regained(command: Command, tmp_path: Path) -> None:
    assert command.json("keys", "rotate") == {"generation": 2}
    assert len(command.json("list")) == 3
    assert command.json("keys", "export", tmp_path / "kit", MEMGUARD_PASSPHRASE=PASSPHRASE) == {"keys": 2}
    assert stat.S_IMODE((tmp_path / "kit").stat().st_mode) == 0o600
    command.home.keys.rename(tmp_path / "lost")
    assert "keys import" in command.refused("list")
    assert command.json("keys", "import", tmp_path / "kit", MEMGUARD_PASSPHRASE=PASSPHRASE) == {"keys": 2}
    assert len(command.json("list")) == 3


def test_a_home_named_in_the_arguments_is_used(command: Command, tmp_path: Path) -> None:
    assert command.json("users", "--home", tmp_path / "another") == []
    assert command.json("users", "--home", command.home.home, MEMGUARD_HOME="/nowhere") == ["ana", "ben"]


def verbs() -> list[tuple[str, ...]]:
    """Every verb, those of a group with its name before them."""
    found: list[tuple[str, ...]] = [()]
    for name, verb in cli.commands.items():
        found.append((name,))
        found += [(name, inner) for inner in getattr(verb, "commands", {})]
    return found


@pytest.mark.parametrize("words", verbs(), ids=" ".join)
def test_every_verb_explains_itself(home: Places, words: tuple[str, ...]) -> None:
    ran = Command(home).run(*words, "--help")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"Usage: {' '.join(('memguard', *words))} ")
    assert len(ran.out.splitlines()) > 4
    assert not home.home.exists()


def test_the_version_is_told(home: Places) -> None:
    assert Command(home).run("--version").out.startswith("memguard, version ")


def test_a_pipe_gets_the_account_and_no_progress_bar(command: Command, tmp_path: Path) -> None:
    (tmp_path / "lines").write_text('"A kettle"\n{"text": 5}\n"A lantern"\n')
    ran = command.run("import", tmp_path / "lines")
    assert (ran.code, ran.err) == (3, "")
    account, refusal = ran.out.splitlines()
    assert account == "stored 2, already there 0, superseding 0"
    assert refusal.startswith("refused item 2: ")


def test_a_terminal_gets_a_progress_bar(command: Command, tmp_path: Path) -> None:
    (tmp_path / "lines").write_text('"A kettle"\n"A lantern"\n')
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    words = [str(COMMAND), "import", str(tmp_path / "lines")]
    subprocess.run(words, check=True, env=command.environment, stdout=subprocess.DEVNULL, stderr=theirs)
    os.close(theirs)
    drawn = b""
    with os.fdopen(ours, "rb", buffering=0) as screen, contextlib.suppress(OSError):  # EIO: nobody writes any more
        while chunk := screen.read(10_000):
            drawn += chunk
    assert b"2/2" in drawn
