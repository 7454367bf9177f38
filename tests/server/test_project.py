"""Which project a folder is of, for the ways git lays a repository out."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from memguard import InvalidInput
from memguard.intake import NAME_LENGTH_MAX, name
from memguard_server.project import project_of
from tests.server.conftest import repository


def worktree(main: Path, folder: Path, *, bare: bool = False, relative: bool = False) -> Path:
    """What `git worktree add FOLDER` makes, in the folder and in the repository."""
    git = main if bare else main / ".git"
    about = git / "worktrees" / folder.name
    about.mkdir(parents=True)
    folder.mkdir(parents=True)
    (about / "commondir").write_text("../..\n")
    (about / "gitdir").write_text(f"{_path(folder / '.git', about, relative)}\n")
    (folder / ".git").write_text(f"gitdir: {_path(about, folder, relative)}\n")
    return folder


def _path(target: Path, start: Path, relative: bool) -> str:
    return os.path.relpath(target, start) if relative else str(target)


@pytest.fixture
def main(tmp_path: Path) -> Path:
    return repository(tmp_path / "main")


def test_a_folder_of_a_repository_is_of_its_root(main: Path) -> None:
    (main / "a" / "b").mkdir(parents=True)
    for folder in (main, main / "a" / "b", main / ".git"):
        assert project_of(str(folder)) == str(main)


def test_the_working_directory_counts_where_none_is_given(main: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(main)
    assert project_of(None) == project_of(".") == project_of("") == str(main)


def test_a_link_to_a_repository_is_that_repository(main: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(main)
    assert project_of(str(tmp_path / "link")) == str(main)


@pytest.mark.parametrize("relative", [False, True])
def test_worktrees_are_of_the_main_one(main: Path, tmp_path: Path, relative: bool) -> None:
    folder = worktree(main, tmp_path / "elsewhere" / "wt", relative=relative)
    (folder / "deep").mkdir()
    assert project_of(str(folder)) == project_of(str(folder / "deep")) == str(main)


def test_worktrees_of_a_bare_repository_share_it(tmp_path: Path) -> None:
    bare = tmp_path / "bare.git"
    bare.mkdir()
    one, other = (worktree(bare, tmp_path / name, bare=True) for name in ("one", "other"))
    assert project_of(str(one)) == project_of(str(other)) == str(bare)


def test_a_submodule_is_a_project_of_its_own_and_so_are_its_worktrees(main: Path, tmp_path: Path) -> None:
    git = main / ".git" / "modules" / "part"
    git.mkdir(parents=True)
    (git / "config").write_text("[core]\n\tbare = false\n\tworktree = ../../../part\n")
    part = main / "part"
    part.mkdir()
    (part / ".git").write_text("gitdir: ../.git/modules/part\n")
    assert project_of(str(part)) == str(part)
    assert project_of(str(worktree(git, tmp_path / "wt", bare=True))) == str(part)


def test_nothing_passes_for_somebody_elses_worktree(main: Path, tmp_path: Path) -> None:
    """An archive can hold a `.git` file; the repository that it names knows nothing of it."""
    known = worktree(main, tmp_path / "known")
    (tmp_path / "unpacked").mkdir()
    (tmp_path / "unpacked" / ".git").write_text((known / ".git").read_text())
    assert project_of(str(tmp_path / "unpacked")) == str(tmp_path / "unpacked")


@pytest.mark.parametrize(
    "text", ["", "gitdir:", "gitdir: /nowhere/at/all", "gitdir: a\0b", "nonsense", "gitdir: " + "x" * 9_000]
)
def test_a_git_file_that_leads_nowhere_still_marks_a_top(main: Path, text: str) -> None:
    (main / "inner").mkdir()
    (main / "inner" / ".git").write_text(text)
    assert project_of(str(main / "inner")) == str(main / "inner")


def test_an_empty_git_folder_is_no_repository(main: Path) -> None:
    (main / "inner" / ".git").mkdir(parents=True)
    assert project_of(str(main / "inner")) == str(main)


def test_outside_every_repository_there_is_no_project(tmp_path: Path) -> None:
    assert project_of(str(tmp_path)) is None


def test_a_client_with_no_folder_open_has_no_project() -> None:
    assert project_of("${workspaceFolder}") is None


@pytest.mark.parametrize("directory", ["/no/such/folder", "a\0b", __file__])
def test_a_directory_that_is_none_is_refused(directory: str) -> None:
    with pytest.raises(InvalidInput, match=r"^--directory names no folder that can be read$"):
        project_of(directory)


def test_no_project_is_named_by_the_start_of_anothers_name(main: Path, tmp_path: Path) -> None:
    other = repository(tmp_path / "main-2")
    assert project_of(str(other)) != project_of(str(main))


def test_a_path_that_is_no_name_is_told_by_its_digest(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["d" * 100] * 5)
    names = {project_of(str(repository(deep / each))) for each in ("one", "other")}
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff"))
    names.add(project_of(str(repository(odd))))
    assert len(names) == 3
    assert all(
        each is not None and len(each) <= NAME_LENGTH_MAX and name(each, "environment") == each for each in names
    )
