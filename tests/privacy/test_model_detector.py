"""A model in a folder as the detector: its spans, offsets, windows and labels, and folders that are refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from memguard import InvalidInput, ModelError
from memguard.privacy.model_detector import ModelDetector, marks
from memguard.privacy.privacy import Privacy
from memguard.settings import Settings
from tests.checks import MARKER, column, one
from tests.conftest import Places
from tests.privacy.tiny_model import POSITIONS, write_model

LABELS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-DIAGNOSIS"]
WORDS = {
    "zel": "B-PER", "##da": "I-PER", "quentin": "B-PER", "barrow": "I-PER", "oskar": "B-PER", "wexford": "B-LOC",
    "upper": "B-LOC", "gulu": "I-LOC", "lupus": "B-DIAGNOSIS", "met": "O", "in": "O", "and": "O", ".": "O", "'": "O",
    "s": "O", "##lda": "O", "a": "O",
}  # fmt: skip
TYPES = {"DIAGNOSIS": "HEALTH"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("models") / "tiny", WORDS, LABELS)


@pytest.fixture(scope="module")
def detector(folder: Path) -> ModelDetector:
    return ModelDetector(folder, TYPES)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("and Zelda met Oskar in Wexford .", [("PERSON", "Zelda"), ("PERSON", "Oskar"), ("LOCATION", "Wexford")]),
        ("and QUENTIN  Barrow in Upper\tGulu", [("PERSON", "QUENTIN  Barrow"), ("LOCATION", "Upper\tGulu")]),
        ("and Oskar Zelda's lupus", [("PERSON", "Oskar"), ("PERSON", "Zelda"), ("HEALTH", "lupus")]),
        ("and \U0001f600 Zelda\u0301 \u05e9 (Wexford) a", [("PERSON", "Zelda\u0301"), ("LOCATION", "Wexford")]),
        ("and Barrow\nBarrow a", [("PERSON", "Barrow"), ("PERSON", "Barrow")]),
        ("and met in", []),
        ("", []),
    ],
)
def test_spans_are_the_characters_of_whole_words(
    detector: ModelDetector, text: str, expected: list[tuple[str, str]]
) -> None:
    spans = detector.find([text])[0]
    assert [(span.type, text[span.start : span.end]) for span in spans] == expected
    assert all(0 < span.score <= 1 for span in spans)


def test_a_word_of_which_a_part_is_a_name_is_masked_whole(tmp_path: Path) -> None:
    words = {"ze": "PER", "##lda": "O", "and": "O"}
    text = "and Zelda and"
    (span,) = ModelDetector(write_model(tmp_path / "m", words, ["O", "PER"]), {}).find([text])[0]
    assert text[span.start : span.end] == "Zelda"


def test_plain_labels_take_neighbours_as_one(tmp_path: Path) -> None:
    words = {"zelda": "PERSON", "barrow": "PERSON", "met": "O"}
    text = "met Zelda Barrow met Zelda"
    spans = ModelDetector(write_model(tmp_path / "m", words, ["O", "PERSON"]), {}).find([text])[0]
    assert [text[span.start : span.end] for span in spans] == ["Zelda Barrow", "Zelda"]


def test_a_long_text_is_read_to_its_end_and_no_edge_of_a_window_is_blind(detector: ModelDetector) -> None:
    """A name at each place of the windows in turn: the places 1 and 30 of the model see nothing."""
    content = POSITIONS - 2 - 2
    text = "a . " + "Oskar and " * 10 * content + "a ."
    spans = detector.find([text])[0]
    assert [text[span.start : span.end] for span in spans] == ["Oskar"] * 10 * content
    assert detector.find(["Oskar"])[0] == []  # the control: such a place is blind


def test_a_text_has_the_same_spans_in_any_company(detector: ModelDetector) -> None:
    texts = ["and Zelda", "", "a and " * 40 + "Oskar .", "and Oskar Zelda in Wexford . a"]
    alone = [detector.find([text])[0] for text in texts]
    assert [[span[:3] for span in spans] for spans in detector.find(texts * 9)] == [
        [span[:3] for span in spans] for spans in alone * 9
    ]
    assert detector.find([]) == []


@pytest.mark.parametrize(
    ("labels", "types", "expected"),
    [
        (["O", "B-PER", "I-PER"], {}, [None, "PERSON", "PERSON"]),
        (["O", "PERSON", "CREDIT_CARD"], {}, [None, "PERSON", "CREDIT_CARD"]),
        (["o", "b-gpe", "E_ORG"], {}, [None, "LOCATION", "ORGANIZATION"]),
        (["O", "B-X", "I-X"], {"x": "employee"}, [None, "EMPLOYEE", "EMPLOYEE"]),
        (["O", "B-MISC", "LABEL_1"], {"MISC": "O", "LABEL_1": "AGE"}, [None, None, "AGE"]),
        (["O", "B-PER"], {"PER": "USERNAME"}, [None, "USERNAME"]),
    ],
)
def test_labels_become_types(labels: list[str], types: dict[str, str], expected: list[str | None]) -> None:
    config = {"id2label": {str(i): label for i, label in enumerate(labels)}}
    assert [mark.type for mark in marks(config, types)] == expected


def test_a_label_without_a_type_is_named_with_the_remedy(folder: Path) -> None:
    with pytest.raises(ModelError, match=r"labels DIAGNOSIS: give them in detector_labels"):
        ModelDetector(folder, {})
    with pytest.raises(ModelError, match="odd name"):
        marks({"id2label": {"0": f"{MARKER} \n x"}}, {})


def _lose(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def _pickle_instead(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def _headless(folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    weights = load_file(folder / "model.safetensors")
    save_file(
        {n: w for n, w in weights.items() if "classifier" not in n}, folder / "model.safetensors", {"format": "pt"}
    )


def _own_code(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    config |= {"model_type": "own", "auto_map": {"AutoModelForTokenClassification": "own.Own", "AutoConfig": "own.Own"}}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "own.py").write_text(f"raise SystemExit('{MARKER}')")


BAD: dict[str, Callable[[Path], object]] = {
    "no safetensors": _pickle_instead,
    "no tokenizer": _lose("tokenizer.json"),
    "no config": _lose("config.json"),
    "a config that is none": lambda folder: (folder / "config.json").write_text("[]"),
    "no labels": lambda folder: (folder / "config.json").write_text('{"id2label": 5}'),
    "weights that are none": lambda folder: (folder / "model.safetensors").write_bytes(b"x" * 100),
    "a tokenizer that is none": lambda folder: (folder / "tokenizer.json").write_text(MARKER),
    "weights without a head": _headless,
    "code of its own": _own_code,
}


@pytest.mark.filterwarnings("ignore")  # what transformers says of a broken folder
@pytest.mark.parametrize("case", BAD)
def test_a_folder_that_holds_no_such_model_is_refused_and_nothing_is_stored(
    folder: Path, home: Places, tmp_path: Path, case: str
) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(folder, broken)
    BAD[case](broken)
    with pytest.raises(ModelError, match="detector: ") as raised:
        _add(home, broken)
    assert MARKER not in str(raised.value)
    assert not home.home.exists()


def _add(home: Places, folder: Path) -> None:
    detector = Privacy.of(Settings.load(detector=str(folder), detector_labels=TYPES)).detector
    with home.open(detector=detector) as memory:
        memory.add("and Zelda", user_id="ana")


def test_by_setting_it_stands_behind_secrets_and_forms(folder: Path, home: Places) -> None:
    settings = Settings.load(detector=str(folder), detector_labels=TYPES)
    with home.open(detector=Privacy.of(settings).detector) as memory:
        text = "and Zelda met lupus, zelda@barrow.example, password: hunter2xyz9!"
        stored = one(memory.add(text, user_id="ana"))
        assert dict(stored.masked) == {"PERSON": 1, "HEALTH": 1, "EMAIL_ADDRESS": 1}
        assert dict(stored.dropped) == {"PASSWORD": 1}
        assert memory.get(stored.id, user_id="ana").text == text.replace("hunter2xyz9!", "<Secret>")
        assert "model:" in column(memory, "ana", "SELECT screened FROM memories")[0]


def test_another_model_has_another_name(folder: Path, tmp_path: Path) -> None:
    other = write_model(tmp_path / "m", {**WORDS, "ben": "B-PER"}, LABELS)
    names = {ModelDetector(each, TYPES).name for each in (folder, other)}
    names |= {ModelDetector(folder, {**TYPES, "PER": "USERNAME"}).name}
    assert len(names) == 3


def test_a_setting_that_names_no_folder_is_refused() -> None:
    with pytest.raises(InvalidInput, match="setting detector"):
        Settings.load(detector="/nowhere/at/all")
