"""The rules of the house. Each failure says where, and what to do instead; a rule's exceptions carry their reasons."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.house import ROOT, Module, functions, imports, lines_of, modules

RANKS = (
    ("values", ("errors", "clock", "records", "outcomes")),
    (
        "pure rules",
        ("intake", "settings", "imports", "retrieval.english", "retrieval.scope", "retrieval.restatement",
         "retrieval.renderings", "retrieval.question", "retrieval.times", "retrieval.fuse", "privacy.spans",
         "privacy.policy", "privacy.values", "privacy.placeholders", "privacy.detection",
         "forgetting.statement", "forgetting.certificate", "forgetting.rendering", "forgetting.plan"),
    ),
    ("adapters", ("vault", "retrieval", "privacy", "forgetting", "exchange.readers")),
    ("flows", ("flows",)),
    ("facade", ("memory", "forgetful", "personal", "parts", "exchange")),
    ("skins", ("cli", "console", "pii", "doctor", "demo", "setup", "hooks", "serving", "verifying", "erasing",
               "accessing", "memguard_server")),
)  # fmt: skip
"""From the bottom up. A name stands for all below it, unless a longer one says otherwise."""
UPWARD: dict[tuple[str, str], str] = {}
"""What may import from above all the same, and why."""
HEAVY = "torch faiss numpy onnxruntime transformers sentence_transformers sqlcipher3 sqlite_utils pydantic mcp".split()
BANNED_IMPORTS = {
    "pickle": "json, or a buffer that numpy reads: a pickle runs what it holds",
    "requests": "nothing: memguard fetches nothing",
    "httpx": "nothing: memguard fetches nothing",
    "urllib.request": "nothing: memguard fetches nothing",
    "socket": "nothing: the library talks to files only",
}
ALLOWED_IMPORTS = {("memguard_server.http", "socket"): "it listens, on loopback, and says in one line why it cannot"}
BANNED_CALLS = {"eval": "json.loads or ast.literal_eval", "exec": "a function"}
BROAD = {
    ("retrieval.embedder", "PackagedEmbedder._load"): "handed to whoever waits for the model",
    ("flows.screen", "found_by"): "it may be a caller's own detector, and its text may quote a memory",
    ("privacy.model_detector", "_load"): "tokenizers raises no other, and its text may quote the file",
    ("hooks.verb", "_unobtrusively"): "it may not end its client's session, and its text may quote a memory",
    ("hooks.child", "main"): "nobody would see it, and its text may quote a memory",
    ("memguard_server.app", "_answered"): "the SDK would send its text to the model",
    ("memguard_server.store", "Store._sweep"): "the interpreter would print its text, and end the thread",
    ("memguard_server.stdio", "serve_stdio"): "the interpreter would print its text",
}
"""Handlers of every error that do not raise it on."""
FILE_LINES_MAX = 300
FUNCTION_LINES_MAX = 45


def rank(name: str) -> int:
    """The longest name in the table that covers a module decides."""
    covering = [(len(n), i) for i, (_, names) in enumerate(RANKS) for n in names if f"{name}.".startswith(f"{n}.")]
    assert covering, f"memguard.{name} has no rank: give it one in tests/test_house.py"
    return max(covering)[1]


def own(module: Module) -> Iterator[tuple[ast.stmt, str, bool]]:
    """The modules of memguard that one imports: (where, name, whether for types only). The package itself is ""."""
    known = {m.name for m in modules()}
    for found in imports(module.tree):
        if f"{found.module}.".startswith(("memguard.", "memguard_server.")):
            base = "" if found.module == "memguard" else found.module.removeprefix("memguard.")
            taken = {f"{base}.{name}".strip(".") for name in found.names}
            for name in (taken & known) | ({base} if taken - known else set()):
                yield found.node, name, found.for_types_only


def test_imports_go_downward_only() -> None:
    upward = {
        (module.name, name): module.at(node)
        for module in modules()
        if module.name  # the package itself names everything, and loads nothing
        for node, name, _ in own(module)
        if name and rank(name) > rank(module.name)
    }
    for (above, below), where in upward.items():
        if (above, below) not in UPWARD:
            pytest.fail(
                f"{where} imports {below} ({RANKS[rank(below)][0]}) from {RANKS[rank(above)][0]}: "
                "hand the value in as an argument, or move what both need further down"
            )
    assert upward.keys() == UPWARD.keys(), "an exception is not needed any more: take it out of UPWARD"


def test_no_two_modules_import_each_other() -> None:
    edges = {m.name: {name for _, name, for_types in own(m) if not for_types} for m in modules() if m.name}
    circles = {(a, b) for a in edges for b in edges[a] if a < b and a in _reachable(b, edges)}
    assert not circles, "move what both need into a module below both"


def _reachable(start: str, edges: dict[str, set[str]]) -> set[str]:
    found: set[str] = set()
    waiting = [start]
    while waiting:
        for name in edges.get(waiting.pop(), set()) - found:
            found.add(name)
            waiting.append(name)
    return found


def test_nothing_inside_imports_the_public_face() -> None:
    names = {m.name for m in modules()}
    for module in (m for m in modules() if not f"{m.name}.".startswith("memguard_server.")):
        for found in imports(module.tree):
            taken = set(found.names) - names - {"__version__"} if found.module == "memguard" else set()
            assert not taken, (
                f"{module.at(found.node)}: import {taken} from the module that has it: the package itself is for users"
            )


def test_the_server_takes_what_is_public() -> None:
    """It is a user of the library; the exceptions are the keyring's tokens, and the checks of names."""
    for module in (m for m in modules() if f"{m.name}.".startswith("memguard_server.")):
        for found in imports(module.tree):
            allowed = found.module in ("memguard.intake", "memguard.vault.tokens")
            assert allowed or not found.module.startswith("memguard."), (
                f"{module.at(found.node)}: take {found.names} from memguard itself, or make it public"
            )


@pytest.mark.parametrize("what", ["import memguard", "memguard --help"])
def test_nothing_heavy_is_loaded_by(what: str) -> None:
    """A command that only says what it can do must not take a second to say so."""
    script = {
        "import memguard": "import memguard",
        "memguard --help": (
            "import contextlib, io; sys.argv = ['memguard', '--help']; from memguard.cli import main\n"
            "with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()): main()"
        ),
    }[what]
    code = f"import json, sys\n{script}\nprint(json.dumps(sorted(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    loaded = set(json.loads(run.stdout))
    assert "memguard" in loaded
    assert loaded.isdisjoint(HEAVY), (
        f"{what} loads {sorted(loaded & set(HEAVY))}: import it in the function that uses it"
    )


@pytest.mark.parametrize("module", modules(), ids=lambda m: m.name or "memguard")
class TestEveryFile:
    def test_imports_nothing_dangerous(self, module: Module) -> None:
        for found in imports(module.tree):
            taken = {found.module, *(f"{found.module}.{name}" for name in found.names)}
            for name, instead in BANNED_IMPORTS.items():
                if (module.name, name) in ALLOWED_IMPORTS:
                    continue
                hit = any(t == name or t.startswith(f"{name}.") for t in taken)
                assert not hit, f"{module.at(found.node)}: no {name} here. Instead: {instead}"

    def test_runs_no_text_as_code(self, module: Module) -> None:
        for node in (n for n in ast.walk(module.tree) if isinstance(n, ast.Call)):
            called = node.func.id if isinstance(node.func, ast.Name) else ""
            assert called not in BANNED_CALLS, f"{module.at(node)}: no {called}. Instead: {BANNED_CALLS[called]}"
            for keyword in node.keywords:
                trusted = keyword.arg == "trust_remote_code" and ast.unparse(keyword.value) != "False"
                assert not trusted, f"{module.at(node)}: trust_remote_code must be False: a model is data, not code"

    def test_catches_what_it_names(self, module: Module) -> None:
        for name, function in functions(module.tree):
            for node in ast.walk(function):
                if isinstance(node, ast.ExceptHandler) and _is_broad(node) and (module.name, name) not in BROAD:
                    pytest.fail(f"{module.at(node)}: name the errors that {name} expects; any other has to be seen")

    def test_is_no_longer_than_one_reader_can_hold(self, module: Module) -> None:
        lines = len(module.text.splitlines())
        assert lines <= FILE_LINES_MAX, (
            f"{module.at(module.tree)} has {lines} lines, at most {FILE_LINES_MAX}: split it by what changes together"
        )

    def test_has_no_long_function(self, module: Module) -> None:
        for name, function in functions(module.tree):
            lines = lines_of(function)
            assert lines <= FUNCTION_LINES_MAX, (
                f"{module.at(function)}: {name} has {lines} lines, at most {FUNCTION_LINES_MAX}: name its steps"
            )


def _is_broad(handler: ast.ExceptHandler) -> bool:
    """Whether it takes every error and keeps it: what only tidies up and raises on is a `finally` for failures."""
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    last = handler.body[-1]
    raised_on = isinstance(last, ast.Raise) and last.exc is None
    return not raised_on and any(c is None or ast.unparse(c) in ("Exception", "BaseException") for c in caught)


def test_every_exception_to_catching_by_name_is_needed() -> None:
    found = {
        (module.name, name)
        for module in modules()
        for name, function in functions(module.tree)
        for node in ast.walk(function)
        if isinstance(node, ast.ExceptHandler) and _is_broad(node)
    }
    assert found == BROAD.keys(), "an exception is not needed any more: take it out of BROAD"


def test_the_rules_see_what_they_forbid() -> None:
    """A guard that never fires proves nothing."""
    bad = "def f():\n import urllib.request\n try:\n  eval('1')\n except (ValueError, Exception):\n  pass\n"
    module = Module("bad", ROOT / "memguard" / "bad.py", bad + "\n" * 300, ast.parse(bad))
    rules = TestEveryFile()
    for rule in (
        rules.test_imports_nothing_dangerous,
        rules.test_runs_no_text_as_code,
        rules.test_catches_what_it_names,
    ):
        with pytest.raises((AssertionError, pytest.fail.Exception), match=r"memguard/bad\.py:\d"):
            rule(module)
    with pytest.raises(AssertionError, match="306 lines"):
        rules.test_is_no_longer_than_one_reader_can_hold(module)
