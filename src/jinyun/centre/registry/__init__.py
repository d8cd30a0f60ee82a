"""The registry (登记库): accounts, sessions, keys, the audit log and notices of one zone, in one database.

SQLite in the zone's state folder, or PostgreSQL where :mod:`.location` finds one named; nothing on the live path opens it.
:mod:`.models` says what is kept, :mod:`.migrations` brings an older database up to date.
"""

from jinyun.centre.registry.location import FILE, RegistryError
from jinyun.centre.registry.models import Account, ApiKey, Audit, Channel, Notice, NoticeRule, Session
from jinyun.centre.registry.opening import Registry, RegistryAway, open_registry

__all__ = [
    "FILE",
    "Account",
    "ApiKey",
    "Audit",
    "Channel",
    "Notice",
    "NoticeRule",
    "Registry",
    "RegistryAway",
    "RegistryError",
    "Session",
    "open_registry",
]
