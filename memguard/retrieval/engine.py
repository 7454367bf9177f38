"""The exported MiniLM: ONNX Runtime and its tokenizer, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

DIMENSION = 384
WINDOW_TOKENS = 256
OVERLAP_TOKENS = 32
"""Tokens two neighbouring chunks of a long text share, so that no sentence is cut in both."""
BATCH = 32


class OnnxEngine:
    """The exported graph and its tokenizer. Safe between threads."""

    def __init__(self, exported: Path, tokenizer: Path, threads: int) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(WINDOW_TOKENS, stride=OVERLAP_TOKENS)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # Spinning threads of several agents on one machine take each other's cores (measured: 2 threads < 1).
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.enable_mem_pattern = False  # 20 to 40 MB less, as fast: lengths differ from call to call
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(str(exported), options, providers=["CPUExecutionProvider"])

    def tokens(self, text: str) -> list[list[int]]:
        """Token ids of each chunk of a text: at least one."""
        encoding = self._tokenizer.encode(text)
        return [encoding.ids, *(more.ids for more in encoding.overflowing)]

    def encode(self, chunks: Sequence[list[int]]) -> tuple[Vectors, list[Vectors]]:
        """Vectors [len(chunks), 384], and of each chunk the vectors [tokens, 96] of its tokens, in order.

        Chunks of like length share a batch, so little is padding. The two special tokens at the ends are left out.
        """
        import numpy as np

        vectors = np.empty((len(chunks), DIMENSION), dtype=np.float32)
        tokens: list[Vectors] = [vectors] * len(chunks)
        by_length = sorted(range(len(chunks)), key=lambda i: len(chunks[i]))
        for start in range(0, len(by_length), BATCH):
            batch = by_length[start : start + BATCH]
            vectors[batch], states = self._run([chunks[i] for i in batch])
            for row, i in enumerate(batch):
                tokens[i] = states[row, 1 : len(chunks[i]) - 1]
        return vectors, tokens

    def _run(self, chunks: Sequence[list[int]]) -> Any:
        import numpy as np

        ids = np.zeros((len(chunks), max(map(len, chunks))), dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, chunk in enumerate(chunks):
            ids[row, : len(chunk)] = chunk
            mask[row, : len(chunk)] = 1
        return self._session.run(None, {"ids": ids, "mask": mask, "types": np.zeros_like(ids)})
