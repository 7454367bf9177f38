"""The demo's story: its data hold what they say, and it tells itself to a good end."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from memguard.demo.story import QUESTIONS, STORY
from memguard.exchange.readers import read

LABELS = json.loads(STORY.with_name("labels.json").read_text())


def turns() -> dict[str, str]:
    conversation = json.loads(STORY.read_text())[0]["conversation"]
    return {t["dia_id"]: t["text"] for part in conversation.values() if isinstance(part, list) for t in part}


def test_every_turn_is_read_as_one_memory() -> None:
    entries = read(STORY.read_text())
    assert len(entries) == len(turns()) >= 300
    assert not [entry for entry in entries if entry.refused]
    assert all(entry.items[0]["happened_at"] for entry in entries)


def test_every_label_stands_in_its_turn() -> None:
    said = turns()
    for label in [*LABELS["secrets"], *LABELS["personal"]]:
        assert label["value"] in said[label["turn"]]
    for change in LABELS["changes"]:
        assert change["old"].lower() in said[change["old_turn"]].lower()
        assert change["new"].lower() in said[change["new_turn"]].lower()
    assert all(poison["turn"] in said for poison in LABELS["poison"])


def test_the_questions_that_are_asked_are_questions_of_the_story() -> None:
    assert set(QUESTIONS) <= {qa["question"] for qa in json.loads(STORY.read_text())[0]["qa"]}


@pytest.mark.slow
def test_the_demo_ends_well_and_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MEMGUARD_DETECTOR")  # names are masked in it, too
    done = subprocess.run(
        [sys.executable, "-m", "memguard.cli", "demo", "--keep", str(tmp_path / "kept")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"\b0 acknowledged ones are lost", done.stdout)
    assert re.search(r": 0 of \d+ words of the story found", done.stdout)
    assert re.search(r"stored:  Ring <?.*<Person_\w{6}>.* <Secret>", done.stdout)
    assert re.search(r"1 memory and [1-9]\d* values .*: complete", done.stdout)
    assert "memguard verify certificate.json: sound" in done.stdout
