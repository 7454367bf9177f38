"""Every error memguard raises. Messages name ids, limits and remedies, never stored content (promise P9).

MemguardError
├── InvalidInput            the caller's words are off: nothing was written
├── NotFound
│   ├── UnknownOwner
│   ├── UnknownMemory
│   └── UnknownPlaceholder
├── NotGranted              the grant in force does not show this
├── PlanOutdated            the vault has changed since the plan was made
├── LegalHold               a person has ordered it to be kept
├── Conflict                an idempotency key was used before for another text
├── HomeError               the folder cannot be used: read-only, network file system, another home's
├── KeyringError
│   ├── KeyringMissing      vaults without their keyring: nothing is created in its place
│   ├── KeyringOutdated     an older copy of the keyring, or one whose master was rotated away
│   ├── MasterWrong         the master key does not open this keyring
│   └── MasterAmbiguous     two sources offer a master: memguard never chooses
├── VaultError
│   ├── VaultDestroyed      its owner was forgotten, or it was replaced by a restore
│   ├── VaultUnreadable     not a vault, truncated, or another key
│   ├── VaultTooNew         written by a newer memguard
│   ├── VaultBusy           another process kept the write lock too long
│   └── StorageFull         no room left: the write was rolled back
├── BundleError             an export, backup or recovery kit cannot be read
├── CertificateError        altered, not a certificate, or of another home
└── ModelError              the embedding model is missing, altered, or disagrees with its reference
"""


class MemguardError(Exception):
    """Base of all. `str(error)` is one line, safe to log and to show to a model."""


class InvalidInput(MemguardError, ValueError):
    """The input cannot be accepted; the vault is as it was."""


class NotFound(MemguardError, LookupError):
    """What was named does not exist in the vault that was named."""


class UnknownOwner(NotFound):
    """No vault for this owner in this home."""

    def __init__(self) -> None:
        super().__init__("no vault for this owner in this home (add a memory first, or see `memguard users`)")


class UnknownMemory(NotFound):
    """No such memory in this owner's vault."""

    def __init__(self, memory_id: str) -> None:
        # An id is ours only if it looks like one: anything else might be content that a caller mixed up.
        shown = memory_id if looks_like_an_id(memory_id) else "(not an id)"
        super().__init__(f"no memory {shown} in this owner's vault")


class UnknownPlaceholder(NotFound):
    """No such placeholder in this owner's vault."""

    def __init__(self) -> None:
        super().__init__("no such placeholder in this owner's vault: its last memory may have been erased")


class NotGranted(MemguardError):
    """What was asked for is more private than the grant in force shows."""


class PlanOutdated(MemguardError):
    """The vault would be planned for otherwise by now."""

    def __init__(self) -> None:
        super().__init__("the vault has changed since this plan was made, or it was carried out already: plan again")


class LegalHold(MemguardError):
    """A person has ordered it to be kept."""

    def __init__(self, hold_id: str) -> None:
        super().__init__(f"legal hold {hold_id} keeps it from being erased: lift the hold first")


class Conflict(MemguardError):
    """The idempotency key was used before for another text."""


class HomeError(MemguardError):
    """The home folder cannot be used as it is."""


class KeyringError(MemguardError):
    """The keyring cannot be used."""


class KeyringMissing(KeyringError):
    """The home has vaults, the keyring is not where it should be."""


class KeyringOutdated(KeyringError):
    """The keyring is an older copy than the home knows of."""


class MasterWrong(KeyringError):
    """The master key does not open this keyring."""


class MasterAmbiguous(KeyringError):
    """More than one source offers a master key."""


class VaultError(MemguardError):
    """A vault cannot be used."""


class VaultDestroyed(VaultError):
    """The vault was destroyed or replaced while this process had it open."""


class VaultUnreadable(VaultError):
    """The file is not a vault, is damaged, or needs another key."""


class VaultTooNew(VaultError):
    """The vault's schema is newer than this program."""


class VaultBusy(VaultError):
    """The write lock could not be had in time."""


class StorageFull(VaultError):
    """There is no room left; the write was rolled back."""


class BundleError(MemguardError):
    """An export, a backup or a recovery kit cannot be read."""


class CertificateError(MemguardError):
    """The certificate was altered, is none, or is of a home whose key is not known here."""


class ModelError(MemguardError):
    """The embedding model is missing, altered, or disagrees with its reference."""


def looks_like_an_id(text: object) -> bool:
    return isinstance(text, str) and len(text) == 36 and all(c in "0123456789abcdef-" for c in text)
