"""memguard: the memory an agent can trust, and can forget.

The whole public API. Names load when they are first used, so that `import memguard` costs nothing.
"""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from memguard.errors import (
        BundleError,
        CertificateError,
        Conflict,
        HomeError,
        InvalidInput,
        KeyringError,
        LegalHold,
        MemguardError,
        ModelError,
        NotFound,
        NotGranted,
        PlanOutdated,
        StorageFull,
        UnknownMemory,
        UnknownOwner,
        UnknownPlaceholder,
        VaultDestroyed,
        VaultError,
    )
    from memguard.forgetting.certificate import Certificate
    from memguard.forgetting.plan import Plan
    from memguard.memory import Memory
    from memguard.outcomes import (
        Chain,
        Check,
        Erased,
        Finding,
        Imported,
        Masked,
        Rejected,
        Restored,
        Revealed,
        Stored,
        VerificationReport,
    )
    from memguard.records import Hit, Record, Version
    from memguard.settings import Settings

_HOMES = {
    "memory": ("Memory",),
    "records": ("Hit", "Record", "Version"),
    "outcomes": (
        "Chain",
        "Check",
        "Erased",
        "Finding",
        "Imported",
        "Masked",
        "Rejected",
        "Restored",
        "Revealed",
        "Stored",
        "VerificationReport",
    ),
    "forgetting.certificate": ("Certificate",),
    "forgetting.plan": ("Plan",),
    "settings": ("Settings",),
    "errors": (
        "BundleError",
        "CertificateError",
        "Conflict",
        "HomeError",
        "InvalidInput",
        "KeyringError",
        "LegalHold",
        "MemguardError",
        "ModelError",
        "NotFound",
        "NotGranted",
        "PlanOutdated",
        "StorageFull",
        "UnknownMemory",
        "UnknownOwner",
        "UnknownPlaceholder",
        "VaultDestroyed",
        "VaultError",
    ),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "BundleError",
    "Certificate",
    "CertificateError",
    "Chain",
    "Check",
    "Conflict",
    "Erased",
    "Finding",
    "Hit",
    "HomeError",
    "Imported",
    "InvalidInput",
    "KeyringError",
    "LegalHold",
    "Masked",
    "MemguardError",
    "Memory",
    "ModelError",
    "NotFound",
    "NotGranted",
    "Plan",
    "PlanOutdated",
    "Record",
    "Rejected",
    "Restored",
    "Revealed",
    "Settings",
    "StorageFull",
    "Stored",
    "UnknownMemory",
    "UnknownOwner",
    "UnknownPlaceholder",
    "VaultDestroyed",
    "VaultError",
    "VerificationReport",
    "Version",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'memguard' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"memguard.{_HOME_OF[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
