"""Opening the registry (打开登记库): a file of its owner alone or a server's database, safe for several processes at once.

Who writes holds the whole registry alone, in either: the audit log's chain has one end. While the database is away, whatever
asks it gets :class:`RegistryAway`; nothing that was acknowledged is lost, and the next who asks finds it when it is back.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import (
    DBAPIError,
    DisconnectionError,
    InterfaceError,
    InvalidatePoolError,
    InvalidRequestError,
    OperationalError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from jinyun.centre.registry.location import FILE, RegistryError, Server, location
from jinyun.centre.registry.migrations import TooNew, migrate

__all__ = ["FILE", "Registry", "RegistryAway", "RegistryError", "now_us", "open_registry"]

WAIT_MS = 5000
"""How long a writer waits for another one."""
ANSWER_S = 8.0
"""How long a server may take to answer; it ends by itself a transaction that its owner left standing so long."""
LINKS, MORE_LINKS = 5, 10
"""To a server, of one process: kept open, and opened beside them while many ask."""
WRITER = 0x6A69_6E79_756E
"""The advisory lock of who writes."""
_GONE = ("08", "53", "57")
"""Classes of SQLSTATE that say that the server does not serve us now (PostgreSQL, appendix A)."""
_BUSY = "55P03"


class RegistryAway(RegistryError):
    """The registry does not answer now."""


def now_us() -> int:
    """Return the time [µs of UTC]."""
    return time.time_ns() // 1000


class Registry:
    """One zone's database."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._up_to_date = False

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that changes nothing. Raises :class:`RegistryAway`."""
        self.bring_up_to_date()
        with _said_as_ours(), Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session that alone writes, from its first statement to its end; what is raised inside undoes all of it.

        Raises :class:`RegistryAway`: then it is not known whether it was written only where the link broke at the very end.
        """
        self.bring_up_to_date()
        with self._alone() as session:
            yield session

    def bring_up_to_date(self) -> None:
        """Make the tables, or what they lack, where that has not been done yet. Raises :class:`RegistryError`."""
        if self._up_to_date:
            return
        try:
            with self._alone() as session:
                migrate(session.connection())
        except TooNew as error:
            raise RegistryError(str(error)) from None
        self._up_to_date = True

    @contextmanager
    def _alone(self) -> Iterator[Session]:
        with _said_as_ours(), Session(self.engine, expire_on_commit=False) as session:
            if self.engine.dialect.name == "sqlite":
                session.execute(text("BEGIN IMMEDIATE"))
            else:
                session.execute(text(f"SELECT pg_advisory_xact_lock({WRITER})"))
            yield session
            session.commit()

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()


def open_registry(state_dir: Path, patient: bool = False) -> Registry:
    """Return a zone's registry, made or brought up to date; raises :class:`RegistryError`.

    Who is ``patient`` gets that of a server that does not answer, too, and :class:`RegistryAway` from it until it does.
    """
    where = location(state_dir)
    try:
        registry = Registry(_of_server(where) if isinstance(where, Server) else _of_file(where))
        registry.bring_up_to_date()
    except ImportError:
        raise RegistryError(f"{where}: needs the driver pg8000 (pip install 'jinyun[postgres]')") from None
    except RegistryAway as error:
        if not (patient and isinstance(where, Server)):
            raise RegistryAway(f"{where}: cannot be opened: {error}") from None
    except (OSError, SQLAlchemyError) as error:
        raise RegistryError(f"{where}: cannot be opened: {error}") from None
    return registry


def _of_file(path: Path) -> Engine:
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))  # so that nobody else reads it, not for a moment
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
    event.listen(engine, "connect", _prepare_file)
    return engine


def _prepare_file(connection: Any, _: object) -> None:
    connection.isolation_level = None  # BEGIN is said above, and not by the driver
    cursor = connection.cursor()
    for pragma in (f"busy_timeout={WAIT_MS}", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _of_server(server: Server) -> Engine:
    logging.getLogger("sqlalchemy.pool.impl.QueuePool").setLevel(logging.CRITICAL)  # pages of each dead link it lets go
    engine = create_engine(
        server.url, pool_size=LINKS, max_overflow=MORE_LINKS, pool_timeout=ANSWER_S,
        isolation_level="READ COMMITTED", hide_parameters=True,
        connect_args={"timeout": ANSWER_S, "ssl_context": server.tls, "application_name": "jinyun-centre"},
    )  # fmt: skip
    event.listen(engine, "connect", _prepare_link)
    event.listen(engine, "checkout", _try_link)
    event.listen(engine, "handle_error", _say_gone)
    event.listen(engine, "before_cursor_execute", _without_nul, retval=True)
    return engine


def _prepare_link(connection: Any, _: object) -> None:
    cursor = connection.cursor()
    cursor.execute(f"SET lock_timeout = {WAIT_MS}")
    cursor.execute(f"SET idle_in_transaction_session_timeout = {round(ANSWER_S * 1000)}")
    cursor.close()
    connection.commit()


def _try_link(connection: Any, _: object, __: object) -> None:
    """Where a link that was kept is dead, so are its likes: all are made anew (the driver tells it in several ways)."""
    try:
        cursor = connection.cursor()
        cursor.execute("SELECT 1")
        cursor.close()
    except Exception as error:
        raise InvalidatePoolError(f"the link is dead: {error}") from error


def _say_gone(context: ExceptionContext) -> None:
    """A server that goes down says so, which the driver takes for an error of the statement: the link is of no use any more."""
    if _state(context.original_exception).startswith("57P"):
        context.is_disconnect = True


def _without_nul(_: Any, __: Any, statement: str, values: Any, ___: Any, ____: bool) -> tuple[str, Any]:
    """A server keeps no NUL in a text, and none of ours means one: what is asked with it is not there."""

    def clean(row: Any) -> Any:
        if isinstance(row, dict):
            return {name: clean(value) for name, value in row.items()}
        if isinstance(row, (list, tuple)):
            return type(row)(clean(value) for value in row)
        return row.replace("\0", "\N{REPLACEMENT CHARACTER}") if isinstance(row, str) else row

    return statement, clean(values)


def _state(error: BaseException | None) -> str:
    """Return the SQLSTATE that a server gave for an error, else nothing."""
    told = error.args[0] if error is not None and error.args else None
    return str(told.get("C", "")) if isinstance(told, dict) else ""


@contextmanager
def _said_as_ours() -> Iterator[None]:
    """Raise :class:`RegistryAway` for whatever says that the database does not answer now."""
    try:
        yield
    except PoolTimeout as error:
        raise RegistryAway(f"too many ask at once: {error}") from error
    except (ConnectionError, TimeoutError, DisconnectionError) as error:  # some the driver does not wrap
        raise RegistryAway(f"the link broke: {error}") from error
    except InvalidRequestError as error:
        if "connection is closed" in str(error):  # a link that was new, and died before it was used
            raise RegistryAway(str(error)) from error
        raise
    except DBAPIError as error:
        state = _state(error.orig)
        away = error.connection_invalidated or state.startswith(_GONE) or state == _BUSY
        if away or isinstance(error, (OperationalError, InterfaceError)):
            raise RegistryAway(str(error.orig)) from error
        raise
