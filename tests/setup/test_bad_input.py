"""What `memguard setup` refuses: in one line that names the file and quotes nothing of it, and nothing is changed."""

from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path

import pytest

from memguard.errors import HomeError, InvalidInput
from memguard.setup import disk
from memguard.setup.clients import file_of, folders_of
from memguard.setup.install import Request, carry_out, plan
from memguard.vault import files
from tests.setup.conftest import FILES, KEYS, SECRET, User

USERS = [pytest.param(client, id=client) for client in KEYS]


@pytest.mark.parametrize("client", USERS)
@pytest.mark.parametrize(
    ("held", "says"),
    [
        (f'x = 1\n{{"a": "{SECRET}"\n[[[\n', ": line "),
        (b"\xff\xfe" + SECRET.encode("utf-16-le"), "not UTF-8"),
        (f"a = '{SECRET}\xe9'".encode("latin-1"), "not UTF-8"),
        (b" " * (disk.BYTES_MAX + 1), "larger than 16 MB"),
    ],
    ids=["syntax", "utf-16", "latin-1", "too large"],
)
def test_a_file_that_is_something_else(user: User, client: str, held: str | bytes, says: str) -> None:
    path = user.write(FILES[client, "user"][0], held)
    for words in (["--yes"], ["--remove", "--yes"], ["--dry-run"]):
        error = user.refused(client, *words)
        assert error.startswith(str(path))
        assert says in error


@pytest.mark.parametrize("client", USERS)
def test_a_key_that_holds_something_else(user: User, client: str) -> None:
    key = KEYS[client]
    path = user.write(
        FILES[client, "user"][0], f'{key} = "{SECRET}"' if client == "codex" else f'{{"{key}": ["{SECRET}"]}}'
    )
    for words in (["--yes"], ["--remove", "--yes"]):
        error = user.refused(client, *words)
        assert error.startswith(f"{path}: `{key}` does not hold ")


@pytest.mark.parametrize("held", ['{"hooks": []}', '{"hooks": {"sessionStart": {}}}', '["x"]', "{"])
def test_a_hooks_file_that_is_something_else_keeps_the_server_out_too(user: User, held: str) -> None:
    path = user.write(".cursor/hooks.json", held)
    for words in (["--hooks", "--yes"], ["--remove", "--yes"]):
        assert user.refused("cursor", *words).startswith(str(path))


@pytest.mark.parametrize("held", ['"x"', "[1]", "null", "3"])
def test_a_root_that_is_no_object(user: User, held: str) -> None:
    path = user.write(".cursor/mcp.json", held)
    assert user.refused("cursor", "--yes") == f"{path}: its outermost value is not an object"


@pytest.mark.parametrize("held", ["", " \n", "\ufeff", "\ufeff\r\n"])
@pytest.mark.parametrize("client", USERS)
def test_an_empty_file_is_filled(user: User, client: str, held: str) -> None:
    name = FILES[client, "user"][0]
    user.write(name, held)
    user.done(client)
    assert user.read(name).startswith(held)
    assert "already set up" in user.done(client)
    assert [user.read(backup) for backup in user.backups()] == [held]


@pytest.mark.parametrize("client", USERS)
class TestAPlace:
    def test_that_is_a_folder(self, user: User, client: str) -> None:
        path = user.home / FILES[client, "user"][0]
        path.mkdir(parents=True)
        assert user.refused(client, "--yes") == f"{path}: it is a folder"

    def test_that_is_no_regular_file(self, user: User, client: str) -> None:
        path = user.write(FILES[client, "user"][0], "")
        path.unlink()
        os.mkfifo(path)
        ran = user.run(client, "--yes")
        assert (ran.code, ran.error) == (1, f"{path}: it is not a regular file")

    def test_that_is_read_only(self, user: User, client: str) -> None:
        path = user.write(FILES[client, "user"][0], "")
        path.chmod(0o444)
        assert user.refused(client, "--yes") == f"{path}: it is read-only"

    @pytest.mark.parametrize("is_there", [True, False])
    def test_in_a_read_only_folder(self, user: User, client: str, is_there: bool) -> None:
        path = user.write(FILES[client, "user"][0], "")
        if not is_there:
            path.unlink()
        path.parent.chmod(0o555)
        try:
            assert user.refused(client, "--yes") == f"{path}: its folder is read-only"
        finally:
            path.parent.chmod(0o755)

    def test_that_is_a_link_to_nothing(self, user: User, client: str) -> None:
        path = user.write(FILES[client, "user"][0], "")
        path.unlink()
        path.symlink_to(user.home / "gone")
        assert user.refused(client, "--yes") == f"{path}: it is a link to a file that is not there"

    def test_that_is_a_link_in_a_circle(self, user: User, client: str) -> None:
        path = user.write(FILES[client, "user"][0], "")
        path.unlink()
        path.symlink_to(path)
        assert user.refused(client, "--yes") == f"{path}: it cannot be used: ELOOP"

    def test_below_a_file(self, user: User, client: str, monkeypatch: pytest.MonkeyPatch) -> None:
        user.write("file", "")
        for variable in ("CLAUDE_CONFIG_DIR", "CODEX_HOME", "XDG_CONFIG_HOME"):
            monkeypatch.setenv(variable, str(user.home / "file" / "inside"))
        if client == "cursor":
            user.write(".cursor", "")
        assert user.refused(client, "--user", "ana", "--yes").endswith(("ENOTDIR", "is a file"))

    def test_that_changes_while_the_question_is_asked(self, user: User, client: str) -> None:
        path = user.write(FILES[client, "user"][0], "")
        planned = plan(Request(client))
        user.write(FILES[client, "user"][0], f"# {SECRET}")
        before = user.everything()
        with pytest.raises(InvalidInput, match="changed meanwhile") as raised:
            carry_out(planned)
        assert str(raised.value).startswith(str(path))
        assert user.everything() == before

    def test_that_appears_while_the_question_is_asked(self, user: User, client: str) -> None:
        planned = plan(Request(client))
        user.write(FILES[client, "user"][0], f"# {SECRET}")
        with pytest.raises(InvalidInput, match="changed meanwhile"):
            carry_out(planned)

    def test_whose_disk_is_full_keeps_no_copy(self, user: User, client: str, monkeypatch: pytest.MonkeyPatch) -> None:
        user.write(FILES[client, "user"][0], "")
        planned, before = plan(Request(client)), user.everything()
        written = list[Path]()

        def full(path: Path, data: bytes, what: str | None = None) -> None:
            if written:
                raise HomeError("cannot use it: EIO")
            written.append(path)
            files.write_whole(path, data, what)

        monkeypatch.setattr(disk, "write_whole", full)
        with pytest.raises(HomeError):
            carry_out(planned)
        assert user.everything() == before


def test_a_path_that_would_break_the_line_is_shown_escaped(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODEX_HOME", str(user.home / "a\nb"))
    user.write("a\nb/config.toml", "[")
    assert "a\\nb" in user.refused("codex", "--yes")


@pytest.mark.parametrize("home", ["", "relative", "/nowhere/at/all"])
def test_no_home_folder(user: User, monkeypatch: pytest.MonkeyPatch, home: str) -> None:
    monkeypatch.setenv("HOME", home)
    assert user.refused("cursor", "--yes") == "there is no home folder: set HOME"


def test_a_home_folder_that_nobody_knows(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", unknown)
    assert user.refused("cursor", "--yes") == "there is no home folder: set HOME"


def test_no_login_name(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown() -> str:
        raise KeyError("getpwuid(): uid not found")

    monkeypatch.setattr(getpass, "getuser", unknown)
    assert "--user" in user.refused("cursor", "--yes")
    user.done("cursor", "--user", "ana")


def test_settings_that_cannot_be_read(user: User) -> None:
    user.write(".config/memguard/settings.toml", f'"{SECRET}')
    assert "settings.toml" in user.refused("cursor", "--yes")


@pytest.mark.parametrize("name", ["", "a b", "a.b", "é", "x" * 65, '"', "../x"])
def test_a_name_that_a_client_would_not_take(user: User, name: str) -> None:
    assert "name" in user.refused("cursor", "--yes", "--name", name)


@pytest.mark.parametrize("owner", ["", "  ", "x" * 600])
def test_an_owner_that_can_be_nobody(user: User, owner: str) -> None:
    assert "user_id" in user.refused("cursor", "--yes", "--user", owner)


def test_a_command_that_is_not_installed(user: User, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "not installed" in user.refused("cursor", "--yes")
    (tmp_path / "memguard").write_text("#!/bin/sh\n")
    (tmp_path / "memguard").chmod(0o755)
    user.done("cursor")
    assert str(tmp_path / "memguard") in user.read(".cursor/mcp.json")


@pytest.mark.parametrize("words", [[], ["emacs"], ["cursor", "--scope", "local"], ["cursor", "--colour"]])
def test_wrong_usage(user: User, words: list[str]) -> None:
    assert user.run(*words).code == 2


@pytest.mark.parametrize(
    ("platform", "environment", "expected"),
    [
        ("linux", {}, "/h/.config/Code/User/mcp.json"),
        ("linux", {"XDG_CONFIG_HOME": "/x"}, "/x/Code/User/mcp.json"),
        ("darwin", {"XDG_CONFIG_HOME": "/x"}, "/h/Library/Application Support/Code/User/mcp.json"),
        ("win32", {}, "/h/AppData/Roaming/Code/User/mcp.json"),
        ("win32", {"APPDATA": "/a"}, "/a/Code/User/mcp.json"),
    ],
)
def test_each_platform_has_its_folder_for_vs_code(platform: str, environment: dict[str, str], expected: str) -> None:
    folders = folders_of(Path("/h"), None, environment, platform)
    assert file_of({"user": ("vscode", "mcp.json")}, "user", folders) == Path(expected)
