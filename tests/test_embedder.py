"""The packaged model, for real: pinned, exported, checked each time it is loaded, and chunked beyond its window."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from memguard import Memory, ModelError
from memguard.retrieval import model
from memguard.retrieval.embedder import PackagedEmbedder
from memguard.retrieval.engine import WINDOW_TOKENS
from tests.conftest import Places


@pytest.fixture
def exported(home: Places, tmp_path: Path) -> Path:
    """A cache of our own with the export in it."""
    made = model.exported(home.cache)
    models = tmp_path / "cache" / "models"
    models.mkdir(parents=True)
    for file in (made.path, made.path.with_suffix(".json")):  # and none that an earlier program made
        shutil.copyfile(file, models / file.name)
    return tmp_path / "cache"


def test_vectors_have_unit_length_and_say_what_is_alike(exported: Path) -> None:
    texts = ["The cat sleeps on the sofa", "A kitten naps on the couch", "Quarterly revenue grew by nine percent"]
    cat, kitten, revenue = (v[0] for v in PackagedEmbedder(exported).embed(texts))
    assert np.allclose([v @ v for v in (cat, kitten, revenue)], 1, atol=1e-5)
    assert cat @ kitten > cat @ revenue + 0.3


def test_a_batch_gives_the_vectors_of_its_texts_in_order(exported: Path) -> None:
    embedder = PackagedEmbedder(exported)
    texts = [f"note {n} " + "about the harbour " * (n % 7) for n in range(40)]
    together = embedder.embed(texts)
    for text, vectors in zip(texts, together, strict=True):
        assert np.allclose(vectors, embedder.embed([text])[0], atol=1e-5)


def test_text_beyond_the_window_becomes_chunks_and_none_of_it_is_cut(exported: Path) -> None:
    embedder = PackagedEmbedder(exported)
    filler = "The weather report repeats itself. " * 120
    long = embedder.embed([filler + "Grandmother keeps the spare key under the blue flowerpot."])[0]
    assert len(long) > len(filler.split()) // WINDOW_TOKENS
    question = embedder.embed(["Where is the spare key?"])[0][0]
    assert int(np.argmax(long @ question)) == len(long) - 1


def test_what_stands_at_the_end_of_a_long_memory_is_found(home: Places, exported: Path) -> None:
    with Memory(home.home, keys=home.keys, cache=exported) as memory:
        long = memory.add("It rained. " * 400 + "The spare key is under the blue flowerpot.", user_id="ana")
        memory.add_many([{"text": f"Minutes of meeting {n}"} for n in range(20)], user_id="ana")
        (best,) = memory.search("where is the spare key?", user_id="ana", limit=1)
    assert not isinstance(long, list)
    assert best.id == long.id


@pytest.mark.parametrize("harm", ["a turned bit", "cut short", "nothing"])
def test_an_altered_export_is_refused_and_made_anew_once_it_is_removed(exported: Path, harm: str) -> None:
    file = next((exported / "models").glob("*.onnx"))
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes({"a turned bit": bytes(data), "cut short": bytes(data[:1000]), "nothing": b""}[harm])
    embedder = PackagedEmbedder(exported)
    with pytest.raises(ModelError, match="altered"):
        embedder.embed(["anything"])
    data[len(data) // 2] ^= 1
    file.write_bytes(data)  # mended meanwhile: the same object finds it
    assert embedder.embed(["anything"])[0].shape == (1, embedder.dimension)


def test_an_export_of_other_weights_is_not_taken(exported: Path) -> None:
    record = next((exported / "models").glob("*.json"))
    record.write_text(json.dumps(json.loads(record.read_text()) | {"weights": "0" * 64}))
    assert model.recorded(exported) is None


@pytest.mark.parametrize("name", model.PINNED_SHA256)
def test_packaged_files_that_were_altered_are_refused(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    for pinned in model.PINNED_SHA256:
        (folder / pinned).symlink_to(model.packaged() / pinned)
    model.verify(folder)
    (folder / name).unlink()
    with pytest.raises(ModelError, match="lacks"):
        model.verify(folder)
    (folder / name).write_bytes(b"another one")
    with pytest.raises(ModelError, match="altered"):
        model.verify(folder)


@pytest.mark.parametrize("setting", ["/nowhere", "{tmp}"])
def test_a_model_that_is_no_local_folder_is_refused(home: Places, tmp_path: Path, setting: str) -> None:
    with (
        Memory(home.home, keys=home.keys, model=setting.format(tmp=tmp_path)) as memory,
        pytest.raises(ModelError),
    ):
        memory.add("The lantern hangs in the boat house", user_id="ana")


@pytest.mark.slow
def test_the_export_agrees_with_sentence_transformers_and_both_can_embed_a_vault(home: Places, tmp_path: Path) -> None:
    """The whole way: export from nothing, compare, then the same vault under the reference."""
    with Memory(home.home, keys=home.keys, cache=tmp_path / "empty") as memory:
        memory.add("The spare key is under the blue flowerpot", user_id="ana")
        record = json.loads(next((tmp_path / "empty" / "models").glob("*.json")).read_text())
        assert record["cosine_min"] >= model.COSINE_MIN
    with Memory(home.home, keys=home.keys, model=str(model.packaged())) as memory:
        with pytest.raises(ModelError, match="reembed"):
            memory.search("spare key", user_id="ana")
        assert memory.reembed(user_id="ana") == 1
        assert memory.search("where is the spare key?", user_id="ana")
