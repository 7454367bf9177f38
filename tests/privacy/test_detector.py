"""The detector whole: tagger, recognisers and rules on real text. No network: the whole run refuses it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memguard.errors import ModelError
from memguard.privacy import detector as detector_module
from memguard.privacy import tagger
from memguard.privacy.detector import OVERLAP, WINDOW, PresidioDetector
from memguard.privacy.spans import Span

CHAT = (
    "Melanie's sister Priya moved to Leeds last year",
    "my boss mr. okafor wants the report, call me on +49 30 901820",
    "MY NAME IS MARGARET WHITFIELD AND I LIVE AT 12 ELM STREET",
    "The IBAN is DE89 3704 0044 0532 0130 00, thanks, Bogdan!",
    "Jenkins failed on stage Bravo; Redis at 10.0.0.3 was down.",
)


@pytest.fixture(scope="module")
def detector() -> PresidioDetector:
    made = PresidioDetector()
    made.find(["load"])
    return made


def values(text: str, spans: list[Span]) -> list[tuple[str, str]]:
    return [(span.type, text[span.start : span.end]) for span in spans]


def test_it_finds_what_people_say_of_themselves(detector: PresidioDetector) -> None:
    found = [values(text, spans) for text, spans in zip(CHAT, detector.find(CHAT), strict=True)]
    assert found == [
        [("PERSON", "Melanie"), ("PERSON", "Priya"), ("LOCATION", "Leeds")],
        [("PERSON", "okafor"), ("PHONE_NUMBER", "+49 30 901820")],
        [("PERSON", "MARGARET WHITFIELD"), ("LOCATION", "12 ELM STREET")],
        [("IBAN_CODE", "DE89 3704 0044 0532 0130 00"), ("PERSON", "Bogdan")],
        [],
    ]


def test_an_iban_with_a_wrong_digit_is_none(detector: PresidioDetector) -> None:
    text = "The IBAN is DE89 3704 0044 0532 0130 01"
    assert "IBAN_CODE" not in [span.type for span in detector.find([text])[0]]


def test_a_text_has_the_same_spans_in_any_company(detector: PresidioDetector) -> None:
    alone = [detector.find([text])[0] for text in CHAT]
    assert detector.find(CHAT) == alone
    assert detector.find(CHAT[::-1] * 40) == alone[::-1] * 40


def test_threads_share_it(detector: PresidioDetector) -> None:
    expected = detector.find(CHAT)
    with ThreadPoolExecutor(4) as pool:
        assert all(found == expected for found in pool.map(detector.find, [CHAT] * 12))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("card 5\u200b105 1051 0510 5100 ok", "5\u200b105 1051 0510 5100"),
        ("\U0001f600 card \uff15105 1051 0510 5100", "\uff15105 1051 0510 5100"),
        ("\u05e9\u05dc\u05d5\u05dd ada@okoye.dev \ufffd", "ada@okoye.dev"),
        ("my sister Ann\u0430 came", "Ann\u0430"),
        ("my sister Ame\u0301lie came", "Ame\u0301lie"),
        ("my sister Anna\u2019s dog", "Anna"),
    ],
)
def test_odd_writing_moves_no_offset(detector: PresidioDetector, text: str, value: str) -> None:
    assert value in [text[span.start : span.end] for span in detector.find([text])[0]]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=200))
def test_nothing_written_makes_it_stumble(detector: PresidioDetector, text: str) -> None:
    spans = detector.find([text])[0]
    assert all(0 <= span.start < span.end <= len(text) for span in spans)
    assert all(a.end <= b.start for a, b in zip(spans, spans[1:], strict=False))


def test_nothing_in_nothing_out(detector: PresidioDetector) -> None:
    assert detector.find([]) == []
    assert detector.find(["", " ", "...", "\u200b"]) == [[], [], [], []]


def test_a_long_text_is_read_to_its_end_and_nothing_is_cut(detector: PresidioDetector) -> None:
    line = "The kettle stands on the stove and nobody has looked at it. "
    who = "My sister Priya rang from +49 30 901820. "
    text = (line * 30 + who) * 100
    found = values(text, detector.find([text])[0])
    assert len(text) > 20 * WINDOW
    assert found == [("PERSON", "Priya"), ("PHONE_NUMBER", "+49 30 901820")] * 100


@pytest.mark.parametrize("character", ["a", "A", "1", "-", "@", "a@", "1 ", ". ", "\n", "Ab ", "1.", "x:"])
def test_a_long_odd_text_takes_no_age(detector: PresidioDetector, character: str) -> None:
    text = (character * 50_000)[:50_000]
    began = time.process_time()
    detector.find([text])
    assert time.process_time() - began < 20


def test_windows_cover_a_text_once() -> None:
    text = "word " * 5000
    windows = list(detector_module._windows(0, text))
    assert windows[0].first == 0
    assert windows[-1].last == len(text)
    assert all(a.last == b.first for a, b in zip(windows, windows[1:], strict=False))
    assert all(len(window.normal.text) <= WINDOW for window in windows)
    assert all(window.last - window.start > OVERLAP for window in windows)


def test_importing_memguard_loads_no_tagger() -> None:
    code = (
        "import sys, memguard, memguard.privacy.detector as d; d.PresidioDetector();"
        "print(sorted({'spacy', 'presidio_analyzer', 'phonenumbers', 'tldextract'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_failed_load_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise OSError("no model")

    fresh = PresidioDetector()
    monkeypatch.setattr(detector_module, "Tagger", broken)
    with pytest.raises(OSError, match="no model"):
        fresh.find(["Ada"])
    monkeypatch.undo()
    assert fresh.find(["my sister Ada"])[0]


@pytest.mark.parametrize("name", tagger.PINNED_SHA256)
def test_a_packaged_model_that_was_altered_is_not_loaded(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    altered = tmp_path / "model"
    shutil.copytree(tagger.folder(), altered)
    (altered / name).write_bytes(b"another one")
    monkeypatch.setattr(tagger, "folder", lambda: altered)
    with pytest.raises(ModelError, match="altered"):
        tagger.Tagger()
