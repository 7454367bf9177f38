"""The installed `memguard` command, run as a person or a program runs it."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

from tests.conftest import Places

COMMAND = Path(sys.executable).parent / "memguard"
"""The script that installing made, beside the Python that runs the tests."""


class Ran(NamedTuple):
    """What a command answered."""

    code: int
    out: str
    err: str


class Command:
    """Runs `memguard` on the folders of one test, in a pipe and without a terminal."""

    def __init__(self, home: Places, user: str = "ana") -> None:
        self.home = home
        # Nothing of the tester's shell gets in but what a program needs to start.
        self.environment = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ} | {
            "MEMGUARD_HOME": str(home.home),
            "MEMGUARD_KEYS": str(home.keys),
            "MEMGUARD_CACHE": str(home.cache),
            "MEMGUARD_DETECTOR": "patterns",
            "MEMGUARD_USER": user,
            "PYTHONUTF8": "1",
            "PYTHONWARNINGS": "error",
        }

    def run(self, *words: str | Path, stdin: str | bytes = "", **environment: str) -> Ran:
        """The answer to `memguard WORDS`; an empty variable is not set at all."""
        variables = {name: value for name, value in (self.environment | environment).items() if value}
        done = subprocess.run(
            [COMMAND, *words],
            input=stdin.encode() if isinstance(stdin, str) else stdin,
            capture_output=True,
            env=variables,
            start_new_session=True,  # no terminal to ask for a passphrase on
            check=False,
            timeout=60,
        )
        return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())

    def typed(self, answer: str, *words: str | Path) -> Ran:
        """The answer to `memguard WORDS` on a terminal, where a person types a line; `err` is what its screen shows."""
        ours, theirs = pty.openpty()
        with os.fdopen(ours, "r+b", buffering=0) as screen:
            child = subprocess.Popen(
                [COMMAND, *words], env=self.environment, stdin=theirs, stdout=subprocess.PIPE, stderr=theirs
            )
            os.close(theirs)
            screen.write(answer.encode() + b"\n")
            out, _ = child.communicate(timeout=60)
            shown = b""
            with contextlib.suppress(OSError):  # EIO: nobody writes any more
                while chunk := screen.read(10_000):
                    shown += chunk
        return Ran(child.returncode, out.decode(), shown.decode())

    def json(self, *words: str | Path, code: int = 0, **options: Any) -> Any:
        """The one document on stdout of `memguard WORDS --json`; anything else on either stream fails."""
        ran = self.run(*words, "--json", **options)
        assert (ran.code, ran.err) == (code, "")
        return json.loads(ran.out)

    def refused(self, *words: str | Path, code: int = 1, **options: Any) -> str:
        """The one line on stderr of a command that fails; anything more, or any output, fails the test."""
        ran = self.run(*words, **options)
        assert "Traceback" not in ran.err
        assert (ran.code, ran.out) == (code, "")
        (line,) = ran.err.splitlines()
        return line
