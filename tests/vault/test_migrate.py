"""The schema and its migrations; and a vault of every shipped schema, which must open for ever.

Each of `fixtures/schema*.db` has the key of 32 zero bytes and one memory. It was made once, when its schema was new, by

    python -c "from tests.vault.test_migrate import make_fixture; make_fixture()"

A shipped fixture is never made anew: it stands for the vaults that people have. That of schema 2 has token vectors.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from memguard import Memory
from memguard.errors import VaultError
from memguard.privacy.policy import GRANTS, Policy
from memguard.privacy.reveal import Reveal
from memguard.retrieval.embedder import Embedder
from memguard.retrieval.fuse import MATCH, MATCH_ALONE
from memguard.retrieval.vectors import VectorIndex
from memguard.vault import embedded, migrate, rows
from memguard.vault.keyfile import Entry
from memguard.vault.sealing import Seals
from memguard.vault.store import Vault, create_file
from tests.checks import column
from tests.conftest import Places
from tests.standins import HashEmbedder, TokenEmbedder
from tests.vault.parts import new_vault, opened, vault_on

AS_STORED = Reveal(Seals.of(bytes(32)), Policy(), GRANTS["strict"])
FIXTURES = Path(__file__).parent / "fixtures"
TEXT = "The wombat sleeps behind the observatory"
EMBEDDERS: dict[str, Callable[[], Embedder]] = {
    "schema1": HashEmbedder,
    "schema2": TokenEmbedder,
    "schema3": TokenEmbedder,
    "schema4": TokenEmbedder,
    "schema5": TokenEmbedder,
    "schema6": TokenEmbedder,
    "schema7": TokenEmbedder,
}
"""The stand-in that each fixture was made with."""
Migrations = Callable[..., None]


def make_fixture() -> None:
    """Write the fixture of the newest schema with the program as it is."""
    with tempfile.TemporaryDirectory() as name:
        places = Places(Path(name) / "home", Path(name) / "keys", Path(name) / "cache")
        home = place(places, lambda path: create_file(path, bytes(32)))
        with places.open(TokenEmbedder()) as memory:
            memory.add(TEXT, user_id="ana", actor="Ana", run_id="r-1", metadata={"n": 1})
        FIXTURES.mkdir(exist_ok=True)
        shutil.copyfile(home, FIXTURES / f"schema{migrate.schema_version()}.db")


def place(places: Places, make: Callable[[Path], object]) -> Path:
    """A home whose keyring says that ana's vault, under the key of zeros, is the file that `make` writes."""
    entry = Entry(str(uuid.uuid4()), bytes(32))
    home = opened(places)
    home.bring_keys(str(uuid.uuid4()), {"ana": entry})
    path = home.file_of(entry.vault_id)
    path.parent.mkdir(parents=True)
    make(path)
    return path


@pytest.fixture
def newer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Migrations]:
    """Let the program know these migrations, in place of its own or after them."""
    own = migrate.migration_files()

    def know(*files: tuple[str, str], instead: bool = False) -> None:
        monkeypatch.setattr(migrate, "migration_files", lambda: files if instead else (*own, *files))
        migrate.schema_version.cache_clear()

    yield know
    monkeypatch.undo()
    migrate.schema_version.cache_clear()


COLOURS = ("0002_colours", "CREATE TABLE colours (name TEXT) STRICT;\nINSERT INTO colours VALUES ('crimson');\n")
BROKEN = ("0002_broken", "CREATE TABLE colours (name TEXT) STRICT;\nINSERT INTO nowhere VALUES (1);\n")


def version(vault: Vault) -> int:
    with vault.reading() as session:
        return int(session.one("PRAGMA user_version"))


def tables(vault: Vault) -> set[str]:
    with vault.reading() as session:
        return {name for (name,) in session.all("SELECT name FROM sqlite_schema WHERE type = 'table'")}


def applied(vault: Vault) -> list[str]:
    with vault.reading() as session:
        return [name for (name,) in session.all("SELECT name FROM _sqlite_migrations ORDER BY id")]


def test_a_fresh_vault_records_every_migration_with_the_checksum_of_its_text(tmp_path: Path) -> None:
    vault = new_vault(tmp_path / "v")
    files = migrate.migration_files()
    assert applied(vault) == [f"{name}:{hashlib.sha256(sql.encode()).hexdigest()[:16]}" for name, sql in files]
    assert version(vault) == len(files) == migrate.schema_version()


def test_migrations_are_numbered_without_a_gap() -> None:
    numbers = [int(name[:4]) for name, _ in migrate.migration_files()]
    assert numbers == list(range(1, len(numbers) + 1))


def test_an_added_migration_is_applied_when_a_vault_is_next_opened(tmp_path: Path, newer: Migrations) -> None:
    vault = new_vault(tmp_path / "v")
    before = version(vault)
    assert "colours" not in tables(vault)
    newer(COLOURS)
    with vault.reading() as session:
        assert session.one("SELECT name FROM colours") == "crimson"
    assert version(vault) == before + 1
    assert len(applied(vault)) == before + 1
    with vault.reading() as session:
        assert session.one("SELECT count(*) FROM colours") == 1  # once


def test_memories_survive_a_migration(seeded: Memory, newer: Migrations) -> None:
    before = seeded.get_all(user_id="ana")
    newer(COLOURS)
    assert seeded.get_all(user_id="ana") == before
    assert seeded.search("lantern", user_id="ana")[0].text == before[0].text
    assert "colours" in tables(seeded.home.vault("ana"))


def test_a_migration_that_fails_leaves_the_vault_at_its_version(tmp_path: Path, newer: Migrations) -> None:
    vault = new_vault(tmp_path / "v")
    before, records = version(vault), applied(vault)
    newer(BROKEN)
    for transaction in (vault.reading, vault.writing):
        with pytest.raises(VaultError) as raised, transaction():
            pass
        assert "nowhere" not in str(raised.value)
    newer()
    assert (version(vault), applied(vault)) == (before, records)
    assert "colours" not in tables(vault)
    newer(COLOURS)  # the mended program
    assert version(vault) == before + 1


def test_a_migration_that_was_altered_after_it_was_applied_is_refused(tmp_path: Path, newer: Migrations) -> None:
    vault = new_vault(tmp_path / "v")
    (name, sql), *rest = migrate.migration_files()
    newer((name, sql + "\n-- somebody was here\n"), *rest, COLOURS, instead=True)
    with pytest.raises(VaultError, match="altered"), vault.reading():
        pass
    newer()
    assert version(vault) == 1 + len(rest)


def test_half_a_statement_at_the_end_of_a_migration_is_refused(tmp_path: Path, newer: Migrations) -> None:
    vault = new_vault(tmp_path / "v")
    newer(("0002_half", "CREATE TABLE colours (name TEXT) STRICT;\nCREATE TABLE"))
    with pytest.raises(VaultError, match="half a statement"), vault.reading():
        pass
    newer()
    assert "colours" not in tables(vault)


def test_statements_are_split_where_sqlite_ends_them() -> None:
    sql = "CREATE TABLE a (b);\nCREATE TRIGGER t AFTER INSERT ON a BEGIN\n  SELECT 1;\n  SELECT ';';\nEND;\n-- end;\n"
    assert [statement.split()[1] for statement in migrate.statements(sql + "SELECT 1;")] == ["TABLE", "TRIGGER", "end;"]


def test_two_that_open_at_once_migrate_once(tmp_path: Path, newer: Migrations) -> None:
    path = new_vault(tmp_path / "v").path
    newer(COLOURS)
    start, failures = threading.Barrier(4), []

    def use() -> None:
        vault = vault_on(path)
        start.wait()
        try:
            with vault.writing() as session:
                session.execute("UPDATE vault SET change_seq = change_seq + 1")
        except VaultError as error:
            failures.append(error)

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with vault_on(path).reading() as session:
        assert session.one("SELECT count(*) FROM colours") == 1
        assert session.one("SELECT change_seq FROM vault") == 4


@pytest.mark.parametrize("file", sorted(FIXTURES.glob("schema*.db")), ids=lambda path: path.stem)
def test_a_vault_of_every_shipped_schema_opens_and_is_of_use(home: Places, file: Path) -> None:
    place(home, lambda path: shutil.copyfile(file, path))
    with home.open(EMBEDDERS[file.stem]()) as memory:
        (record,) = memory.get_all(user_id="ana")
        assert (record.text, record.actor, record.run_id, record.metadata) == (TEXT, "Ana", "r-1", {"n": 1})
        assert memory.search("wombat", user_id="ana")[0].id == record.id
        memory.add("A kettle whistles at seven", user_id="ana")
        assert version(memory.home.vault("ana")) == migrate.schema_version()


def test_the_vectors_of_a_shipped_vault_are_read_back(home: Places) -> None:
    path = place(home, lambda path: shutil.copyfile(FIXTURES / "schema1.db", path))
    index, embedder = VectorIndex("standin-hash", HashEmbedder().dimension), HashEmbedder()
    with vault_on(path).reading() as session:
        index.catch_up(session)
        number = rows.number_of(session, rows.listed(session, "1", (), 1, 0, AS_STORED)[0].id)
    near = index.nearest(embedder.embed([f"Ana: {TEXT}"])[0][0], 1)
    assert (near.ids >> embedded.CHUNK_BITS).tolist() == [number]
    assert near.cosines[0] > 0.999


class Renamed(TokenEmbedder):
    """Has token vectors to offer, under the name of the model that the first schema's vaults were written with."""

    model = HashEmbedder().model


def test_what_has_no_token_vectors_is_found_by_its_other_parts(home: Places) -> None:
    """A vault of the first schema in the hands of a model that matches word by word."""
    place(home, lambda path: shutil.copyfile(FIXTURES / "schema1.db", path))
    with home.open(Renamed()) as memory:
        assert column(memory, "ana", "SELECT count(*) FROM token_vectors") == [0]
        (hit,) = memory.search("where does the wombat sleep?", user_id="ana")
        assert (hit.text, hit.why["match"]) == (TEXT, 0)
        assert hit.why["meaning"] > 0

        texts = [f"A kettle whistles at {word}" for word in ("six", "seven", "eight", "nine")]
        memory.add_many([{"text": text, "actor": "Ana", "run_id": "r-1"} for text in texts], user_id="ana")
        old, new = (memory.search(query, user_id="ana")[0] for query in ("the wombat", "a kettle at nine"))
        assert (old.text, old.why["match"], new.text) == (TEXT, 0, texts[-1])
        assert new.why["match"] > 0
        assert column(memory, "ana", "SELECT count(*) FROM token_vectors") == [len(texts)]


def test_token_vectors_of_a_shipped_vault_are_matched_with(home: Places) -> None:
    place(home, lambda path: shutil.copyfile(FIXTURES / "schema2.db", path))
    with home.open(TokenEmbedder()) as memory:
        (hit,) = memory.search("wombat observatory", user_id="ana")
    assert hit.why["match"] == pytest.approx(MATCH + MATCH_ALONE, rel=0.01)


def test_there_is_a_fixture_of_every_schema() -> None:
    assert len(list(FIXTURES.glob("schema*.db"))) == migrate.schema_version()
