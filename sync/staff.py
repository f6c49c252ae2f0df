"""Staff corrections: records of the built-in connection `staff`. They win by survivorship, expire, and can be taken back."""

from __future__ import annotations

from collections.abc import Mapping as Rows
from datetime import date
from itertools import count
from typing import Any

from pydantic import ValidationError

from hub.errors import SettingsError
from hub.forms import DATE, EMAIL, FORMS, GENDER, PHONE, TEXT, Form
from hub.model import Customer
from hub.store import Store
from hub.store.records import Incoming, Stored
from sync.setup import Setup

CONNECTION = "staff"
STREAM = "customers"
_FORMS: dict[str, Form] = {"phone": PHONE, "email": EMAIL, "birthday": DATE, "gender": GENDER, "note": TEXT}


def correct(setup: Setup, customer: str, values: Rows[str, str], reason: str, expires: date | None) -> str:
    """Land a correction of some fields of a customer; returns its id, by which it can be taken back."""
    body = _checked(setup, values)
    store = setup.store
    records = store.records.of_customers([customer])[customer]
    own_word = next((record for record in records if not record.gone and record.connection != CONNECTION), None)
    if own_word is None:
        raise SettingsError("this customer has no living record", where=customer, remedy="see `kehub customers show`")
    now = int(setup.clock.now().timestamp())
    own = {"_author": setup.actor, "_reason": reason, "_expires": expires.isoformat() if expires else ""}
    ext = _fresh_id(store, customer, now)
    values = {**body, **own}
    incoming = Incoming(ext, values, now, store.vault.fingerprint(values))
    with store.db.writing("staff", durable=True):
        _, fresh = store.records.land(CONNECTION, STREAM, "customers", [incoming], now)
        rid = fresh[0][1]
        store.identities.tie(f"staff:{ext}", [rid, own_word.rid])
        store.people.adopt(0, rid, customer)
        store.people.make_due([customer])
    return ext


def _fresh_id(store: Store, customer: str, now: int) -> str:
    """An id that no correction has: of those that a clerk makes in one second some may have gone to another customer."""
    ids = (store.vault.name("staff", customer, str(number), str(now), length=10).lower() for number in count(1))
    return next(ext for ext in ids if not store.records.by_exts(CONNECTION, STREAM, [ext]))


def take_back(setup: Setup, ext: str) -> None:
    """Undo a correction: the record leaves survivorship and stays in the history."""
    with setup.store.db.writing("staff", durable=True):
        if not setup.store.records.mark_gone(CONNECTION, STREAM, [ext]):
            raise SettingsError("no correction in force has this id", where=ext, remedy="see `kehub customers show`")


def expire(setup: Setup) -> int:
    """Take back the corrections whose last day has passed."""
    today = date.fromordinal(setup.as_of).isoformat()
    store = setup.store
    old = [record.ext for record in store.records.living(CONNECTION, STREAM) if _over(record, today)]
    if old:
        with store.db.writing("staff"):
            store.records.mark_gone(CONNECTION, STREAM, old)
    return len(old)


def _over(record: Stored, today: str) -> bool:
    expires = record.body.values.get("_expires", "")
    return bool(expires) and expires < today


def _checked(setup: Setup, values: Rows[str, str]) -> dict[str, Any]:
    """The corrected fields in canonical form; SettingsError names the field that cannot be read."""
    found = {}
    for name, value in values.items():
        head = name.split(".", 1)[0]
        if head not in Customer.model_fields or head in ("consents", "other_phones", "other_emails", "interests"):
            raise SettingsError(
                f"there is no field {name!r} to correct", where=name, remedy="fields: " + ", ".join(correctable())
            )
        try:
            found[name] = (_FORMS.get(name) or FORMS["moment" if name.endswith("_at") else "line"]).canonical(
                value, setup.config.place
            )
            if "." not in name:
                Customer.model_validate({name: found[name]})
        except ValidationError:
            raise SettingsError("not a value of this field", where=name, remedy="see `kehub schema`") from None
        except ValueError as fault:
            raise SettingsError(str(fault), where=name) from None
        if found[name] is None:
            raise SettingsError("a correction needs a value", where=name)
    return found


def correctable() -> list[str]:
    """The fields that a person may correct."""
    left_out = {"consents", "other_phones", "other_emails", "interests", "sizes", "named_dates", "custom"}
    return [name for name in Customer.model_fields if name not in left_out] + ["custom.NAME"]
