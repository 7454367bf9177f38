"""Settings: an argument, else an environment variable, else the settings file, else the default."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Self

from memguard.errors import InvalidInput

MASTER_SOURCES = ("file", "os", "environment")
DETECTORS = ("", "patterns")
SECRETS = ("drop", "seal")
PROFILES = ("", "owner", "balanced", "strict")


@dataclass(frozen=True, slots=True)
class Settings:
    """Each field is read from `MEMGUARD_<FIELD>` or from `<field> = ...` in `settings.toml` beside the keyrings."""

    home: Path = Path()
    """Where vaults lie."""
    keys: Path = Path()
    """Where keyrings lie: never inside the home."""
    cache: Path = Path()
    """Where the exported model lies: nothing of a memory."""
    user: str = ""
    """The owner the command line uses when `--user` is not given."""
    master: str = ""
    """Where a new keyring's master key is kept: file (default), os, environment."""
    model: str = ""
    """A folder with a sentence-transformers model; empty for the packaged all-MiniLM-L6-v2."""
    threads: int = 1
    """Threads for embedding and vector search. One is fastest where several agents share a machine."""
    history_versions: int = 20
    """Earlier wordings kept of a memory; 0 keeps none."""
    detector: str = ""
    """What looks for personal data: empty for rules and the packaged tagger, `patterns` for rules alone, or a folder
    with a token-classification model (safetensors), which takes the place of the tagger and its rules."""
    detector_labels: Mapping[str, str] = field(default_factory=dict)
    """Which type each label of that model is, where its name does not say so: `PATIENT=PERSON,MISC=O` or a table."""
    profile: str = ""
    """Which originals agents see: owner (all; the default over stdio and in hooks), balanced (none of great harm; the
    default over HTTP) or strict (placeholders only)."""
    levels: Mapping[str, str] = field(default_factory=dict)
    """How private types of personal data are, where it is not as usual: `PERSON=1,URL=3` or a table."""
    actions: Mapping[str, str] = field(default_factory=dict)
    """What is done with levels 1 to 3, where it is not as usual: `2=keep,3=drop` or a table."""
    secrets: str = "drop"
    """What is done with passwords, keys and codes: `drop` keeps nothing of them, `seal` seals them as all values."""
    forget_all_projects: bool = False
    """Agents may plan to forget beyond the project they work in. A person confirms it all the same."""
    allow_network_home: bool = False
    """Accept a home on a network file system, where SQLite's write-ahead log is not safe."""

    @classmethod
    def load(cls, **given: Any) -> Self:
        """The settings in force. `given` wins over the environment, the environment over the file."""
        unknown = given.keys() - {field.name for field in fields(cls)}
        if unknown:
            raise InvalidInput(f"unknown setting {', '.join(sorted(unknown))}")
        defaults = cls._platform_defaults()
        keys = Path(given.get("keys") or os.environ.get("MEMGUARD_KEYS") or defaults["keys"]).expanduser()
        values = {**defaults, **_from_file(keys / "settings.toml"), **_from_environment()}
        values |= {name: value for name, value in given.items() if value is not None}
        settings = cls(
            **{field.name: _typed(field, values[field.name]) for field in fields(cls) if field.name in values}
        )
        if settings.master and settings.master not in MASTER_SOURCES:
            raise InvalidInput(f"setting master must be one of {', '.join(MASTER_SOURCES)}")
        if settings.detector not in DETECTORS and not Path(settings.detector).expanduser().is_dir():
            raise InvalidInput("setting detector must be patterns, a model's local folder, or not be set")
        if settings.profile not in PROFILES:
            raise InvalidInput("setting profile must be owner, balanced or strict")
        if settings.secrets not in SECRETS:
            raise InvalidInput(f"setting secrets must be one of {', '.join(SECRETS)}")
        if settings.threads < 1 or settings.history_versions < 0:
            raise InvalidInput("setting threads must be 1 or more, history_versions 0 or more")
        return replace(settings, **{name: getattr(settings, name).expanduser() for name in ("home", "keys", "cache")})

    @staticmethod
    def _platform_defaults() -> dict[str, Any]:
        from platformdirs import PlatformDirs

        folders = PlatformDirs("memguard", appauthor=False)
        return {
            "home": folders.user_data_path,
            "keys": folders.user_config_path,
            "cache": folders.user_cache_path,
        }


def _from_environment() -> dict[str, str]:
    found = {field.name: os.environ.get(f"MEMGUARD_{field.name.upper()}", "") for field in fields(Settings)}
    return {name: value for name, value in found.items() if value}


def _from_file(path: Path) -> Mapping[str, Any]:
    try:
        values = tomllib.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise InvalidInput("settings.toml cannot be read: it must be TOML, `name = value` a line") from None
    unknown = values.keys() - {field.name for field in fields(Settings)}
    if unknown:
        raise InvalidInput(f"settings.toml: unknown setting {', '.join(sorted(unknown))}")
    return values


def _typed(field: Any, value: Any) -> Any:
    typed = _PARSERS[field.type](value)
    if typed is None:
        raise InvalidInput(f"setting {field.name} must be a {field.type}")
    return typed


def _path(value: Any) -> Path | None:
    return Path(value) if isinstance(value, (str, Path)) and "\0" not in str(value) else None


def _whole(value: Any) -> int | None:
    return int(value) if re.fullmatch(r"-?\d{1,9}", str(value)) else None


def _switch(value: Any) -> bool | None:
    return _SWITCHES.get(str(value).lower())


def _table(value: Any) -> Mapping[str, str] | None:
    """A TOML table, or `name=value` with commas between."""
    pairs = [part.partition("=") for part in value.split(",") if part.strip()] if isinstance(value, str) else None
    if pairs is not None:
        return {name.strip(): given.strip() for name, _, given in pairs}
    return {str(name): str(given) for name, given in value.items()} if isinstance(value, Mapping) else None


_SWITCHES = {**dict.fromkeys(("1", "true", "yes", "on"), True), **dict.fromkeys(("0", "false", "no", "off"), False)}
_PARSERS: dict[str, Callable[[Any], Any]] = {
    "Path": _path,
    "int": _whole,
    "bool": _switch,
    "str": str,
    "Mapping[str, str]": _table,
}
