"""The store: the only place that knows a table.

store = open_store(location, master, clock)
store.records  what was read          store.people     who is who        store.decisions  what we decided
store.marks    how far reading got    store.plans      what we would do  store.receipts   what we did
store.runs     runs and their notes   store.leases     who works on what store.questions  what a person must answer
store.verdicts what a person judged about two records       store.drifts    what somebody there made of our words
store.absence  who is missing from a complete read             store.facts     what rules see
store.segments who is in a segment, and was                  store.cuts      the cut points of RFM
store.lookups  who many values at once name                  store.holdings  what tiers remember, what was granted
store.hints    what webhooks speak of                        store.events    what people did, as it was sent to us
store.tokens   store.budgets          short transactions shared by processes
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hub.clock import Clock
from hub.errors import SettingsError
from hub.store.absence import Absence
from hub.store.cuts import CutPoints
from hub.store.database import Database
from hub.store.decisions import Decisions
from hub.store.drifts import Drifts
from hub.store.events import Events
from hub.store.facts import Facts
from hub.store.hints import Hints
from hub.store.holdings import Holdings
from hub.store.leases import Leases
from hub.store.lookups import Lookups
from hub.store.marks import Marks
from hub.store.migrations import migrate
from hub.store.people import People
from hub.store.plans import Plans
from hub.store.quarantine import Quarantine
from hub.store.questions import Questions
from hub.store.receipts import Receipts
from hub.store.records import Records
from hub.store.registers import Registers
from hub.store.runs import Runs
from hub.store.segments import Segments
from hub.store.shared import Budgets, Tokens
from hub.store.sqlite import PATIENCE, SqliteDatabase
from hub.store.verdicts import Verdicts
from hub.vault import Keys, Vault, new_key, unwrap, wrap

__all__ = ["Store", "connect", "create_store", "open_store"]


class Store:
    """One brand's store: its database, its keys, and one object a family of tables."""

    def __init__(self, db: Database, vault: Vault, clock: Clock) -> None:
        self.db = db
        self.vault = vault
        self.clock = clock
        self.runs = Runs(db, clock)
        self.leases = Leases(db, clock)
        self.marks = Marks(db, clock)
        self.records = Records(db, vault)
        self.identities = self.records.identities
        self.absence = Absence(db, self.records)
        self.verdicts = Verdicts(db, vault, clock)
        self.people = People(db, vault, self.verdicts)
        self.quarantine = Quarantine(db, vault)
        self.registers = Registers(db, vault)
        self.facts = Facts(db, vault)
        self.decisions = Decisions(db)
        self.holdings = Holdings(db, vault)
        self.segments = Segments(db)
        self.cuts = CutPoints(db)
        self.lookups = Lookups(db, vault)
        self.questions = Questions(db, vault, clock)
        self.plans = Plans(db, vault, clock)
        self.receipts = Receipts(db, vault, clock)
        self.drifts = Drifts(db, vault, clock)
        self.hints = Hints(db, vault, clock)
        self.events = Events(db, vault, clock)
        self.tokens = Tokens(db, vault, clock)
        self.budgets = Budgets(db, clock)

    def finish_loading(self) -> None:
        """Set up what reads leave to their end, since it is cheaper for many records at once: identity keys go to their
        places, an index is made. Nobody asks for either before resolve does; what a killed run left is set up too."""
        self.identities.sort_in()
        self.registers.stand()

    def close(self) -> None:
        """Close all connections to the database."""
        self.db.close()


def connect(location: str, patience: float | None = None) -> Database:
    """The database at `location`: a file path, or a `postgresql://` URL (`?schema=` names the brand's schema).

    `patience` is for how many seconds a writer waits for another one before it gives up (Transient).
    """
    if location.startswith(("postgresql://", "postgres://")):
        try:
            from hub.store.postgres import PostgresDatabase
        except ImportError:
            raise SettingsError(
                "PostgreSQL needs psycopg", where="store", remedy="pip install 'kehub[postgresql]'"
            ) from None
        return PostgresDatabase(location, patience or 0)
    return SqliteDatabase(Path(location), PATIENCE if patience is None else patience)


def create_store(location: str, master: bytes, clock: Clock) -> Store:
    """A new store with new keys; an existing one is opened as it is."""
    db = connect(location)
    with _closed_on_failure(db):
        migrate(db, clock)
        with db.writing("keys"):
            if not db.rows("SELECT 1 FROM key_ring"):
                _save_keys(db, master, Keys({1: new_key()}, new_key(), new_key()))
        return Store(db, Vault(_load_keys(db, master)), clock)


def open_store(location: str, master: bytes, clock: Clock, patience: float | None = None) -> Store:
    """The store at `location`; SettingsError when there is none, or the key is wrong. `patience`: see `connect`."""
    if "://" not in location and not Path(location).exists():
        raise SettingsError("there is no store here", where=location, remedy="run `kehub init`, or check `store:`")
    db = connect(location, patience)
    with _closed_on_failure(db):
        migrate(db, clock)
        return Store(db, Vault(_load_keys(db, master)), clock)


@contextmanager
def _closed_on_failure(db: Database) -> Iterator[None]:
    """A store that is refused leaves no connection behind."""
    try:
        yield
    except BaseException:
        db.close()
        raise


def _save_keys(db: Database, master: bytes, keys: Keys) -> None:
    rows = [("data", number, key) for number, key in keys.data.items()]
    for purpose, number, key in [*rows, ("index", 1, keys.index), ("seed", 1, keys.seed)]:
        db.execute(
            "INSERT INTO key_ring (purpose, number, wrapped) VALUES (:purpose, :number, :wrapped)",
            {"purpose": purpose, "number": number, "wrapped": wrap(master, f"{purpose}:{number}", key)},
        )


def _load_keys(db: Database, master: bytes) -> Keys:
    found = {
        (purpose, number): unwrap(master, f"{purpose}:{number}", bytes(wrapped))
        for purpose, number, wrapped in db.rows("SELECT purpose, number, wrapped FROM key_ring")
    }
    if not found:
        raise SettingsError("this store has no keys", where="store", remedy="run `kehub init` in a new folder")
    data = {number: key for (purpose, number), key in found.items() if purpose == "data"}
    return Keys(data, found["index", 1], found["seed", 1], max(data))
