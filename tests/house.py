"""The source of memguard and its server, parsed, for the rules of the house. Each rule's message says what to do."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "memguard"
SERVER = ROOT / "server" / "memguard_server"
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """One file. `name` is without `memguard.`: "vault.rows", "" for the package itself; "memguard_server.app"."""

    name: str
    path: Path
    text: str
    tree: ast.Module

    def at(self, node: ast.AST) -> str:
        return f"{self.path.relative_to(ROOT).as_posix()}:{getattr(node, 'lineno', 1)}"


@dataclass(frozen=True)
class Import:
    """One module that is imported; `names` are those taken from it."""

    node: ast.stmt
    module: str
    names: tuple[str, ...]
    for_types_only: bool


@cache
def modules() -> tuple[Module, ...]:
    """Every module of memguard and of its server."""
    return tuple(module(path) for folder in (PACKAGE, SERVER) for path in sorted(folder.rglob("*.py")))


def module(path: Path) -> Module:
    is_server = path.is_relative_to(SERVER)
    parts = path.relative_to(SERVER.parent if is_server else PACKAGE).with_suffix("").parts
    text = path.read_text()
    return Module(".".join(part for part in parts if part != "__init__"), path, text, ast.parse(text))


def imports(tree: ast.AST) -> Iterator[Import]:
    """Every import, those inside functions too."""
    typing = {id(node) for block in ast.walk(tree) if _is_for_types(block) for node in ast.walk(block)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(node, alias.name, (), id(node) in typing)
        elif isinstance(node, ast.ImportFrom):
            assert node.module is not None, "imports are absolute here"
            yield Import(node, node.module, tuple(alias.name for alias in node.names), id(node) in typing)


def functions(tree: ast.AST, within: str = "") -> Iterator[tuple[str, Function]]:
    """Every function with its dotted name: "Session.execute"."""
    for node in ast.iter_child_nodes(tree):
        named = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
        name = f"{within}.{node.name}".strip(".") if isinstance(node, Function | ast.ClassDef) else within
        if named and isinstance(node, Function):
            yield name, node
        yield from functions(node, name)


def lines_of(function: Function) -> int:
    """Lines of a function without its docstring."""
    first = function.body[0]
    about = first if ast.get_docstring(function) is not None else None
    docstring = (about.end_lineno or 0) - about.lineno + 1 if about else 0
    return (function.end_lineno or 0) - function.lineno + 1 - docstring


def _is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
