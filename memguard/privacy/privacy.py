"""What privacy needs to know in one place: who looks, and what is done with what is found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from memguard.privacy.detection import Layers
from memguard.privacy.known import Known
from memguard.privacy.policy import Policy, grant_named
from memguard.privacy.reveal import Reveal
from memguard.privacy.spans import Detector
from memguard.vault.sealing import Seals

if TYPE_CHECKING:
    from memguard.settings import Settings


@cache
def _packaged() -> Detector:
    """One for all of a process: its tagger takes a second to load, and a hundred megabytes."""
    from memguard.privacy.detector import PresidioDetector

    return PresidioDetector()


@cache
def _of_folder(folder: Path, labels: tuple[tuple[str, str], ...]) -> Detector:
    """One for all of a process, as above."""
    from memguard.privacy.model_detector import ModelDetector

    return ModelDetector(folder, dict(labels))


@dataclass(frozen=True, slots=True)
class Privacy:
    """The detector and the policy of one `Memory`."""

    detector: Detector
    """Looks at texts."""
    labels: Detector
    """Looks at names and at values of metadata, which programs write: by form only, without a tagger."""
    policy: Policy

    def label(self, known: Known) -> Callable[[str], str]:
        """Turns what a caller typed as a name or a value into what a vault has stored for it."""
        return lambda text: known.label(text, self.policy.hidden(self.labels.find([text])[0]))

    def reveal(self, seals: Seals, grant: str = "owner") -> Reveal:
        """Opens what is sealed in a vault, as far as a grant goes."""
        return Reveal(seals, self.policy, grant_named(grant))

    @classmethod
    def of(cls, settings: Settings, detector: Detector | None = None) -> Privacy:
        """As settings say. Secrets are looked for whatever the detector is; nothing is loaded before it is used."""
        from memguard.privacy.label_detector import LabelDetector
        from memguard.privacy.secrets import SecretDetector

        secrets, forms = SecretDetector(), LabelDetector()
        if detector is None and settings.detector not in ("", "patterns"):
            folder = Path(settings.detector).expanduser()
            detector = Layers(forms, _of_folder(folder, tuple(sorted(settings.detector_labels.items()))))
        chosen = detector or (forms if settings.detector == "patterns" else _packaged())
        policy = Policy.of(settings.levels, settings.actions, settings.secrets)
        return cls(Layers(secrets, chosen), Layers(secrets, forms), policy)
