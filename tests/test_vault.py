"""The vault: what is sealed opens with the same key and context and with nothing else; hashes are stable and apart."""

from __future__ import annotations

import base64
import stat
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from hub.errors import SettingsError
from hub.vault import Keys, Vault, master_key, unwrap, wrap, write_key_file

OLD, NEW = b"o" * 32, b"n" * 32
VAULT = Vault(Keys({1: OLD}, b"i" * 32, b"s" * 32))
ROTATED = Vault(Keys({1: OLD, 2: NEW}, b"i" * 32, b"s" * 32, current=2))
OTHER = Vault(Keys({1: NEW}, b"j" * 32, b"t" * 32))

json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3), max_leaves=8,
)  # fmt: skip


@given(json, st.text())
def test_what_is_sealed_opens_again_and_never_looks_the_same_twice(value: Any, context: str) -> None:
    sealed = VAULT.seal(value, context)
    assert VAULT.open(sealed, context) == value
    assert VAULT.seal(value, context) != sealed


def test_a_rotated_vault_reads_what_the_old_key_sealed_and_seals_with_the_new_one() -> None:
    assert ROTATED.open(VAULT.seal("张伟", "c"), "c") == "张伟"
    with pytest.raises(SettingsError, match="does not open"):
        VAULT.open(ROTATED.seal("张伟", "c"), "c")


@pytest.mark.parametrize(
    ("vault", "context", "spoil"),
    [(OTHER, "c", None), (VAULT, "another place", None), (VAULT, "c", -1), (VAULT, "c", 20), (VAULT, "c", 3)],
    ids=["another key", "another context", "a changed tag", "changed text", "a changed nonce"],
)
def test_another_key_another_place_or_a_changed_byte_opens_nothing(
    vault: Vault, context: str, spoil: int | None
) -> None:
    sealed = bytearray(VAULT.seal({"phone": "+8613812345678"}, "c"))
    if spoil is not None:
        sealed[spoil] ^= 1
    with pytest.raises(SettingsError, match="the master key does not open this store"):
        vault.open(bytes(sealed), context)


def test_hashes_are_stable_keyed_and_kept_apart_by_kind() -> None:
    assert VAULT.index("phone", "1").hex() == Vault(Keys({1: NEW}, b"i" * 32, b"s" * 32)).index("phone", "1").hex()
    pairs = [(VAULT, "phone", "1"), (VAULT, "card", "1"), (VAULT, "phone", "2"), (OTHER, "phone", "1")]
    assert len({vault.index(kind, value) for vault, kind, value in pairs}) == 4


def test_names_tell_their_parts_apart() -> None:
    assert VAULT.name("a", "bc") != VAULT.name("ab", "c")
    assert len({VAULT.name("a", length=n) for n in (8, 10, 12, 16)}) == 4
    assert [len(VAULT.name("a", length=n)) for n in (8, 10, 12, 16)] == [8, 10, 12, 16]
    assert VAULT.name("x") == ROTATED.name("x")  # the seed is never rotated


def test_a_fingerprint_does_not_depend_on_the_order_of_fields() -> None:
    assert VAULT.fingerprint({"a": 1, "b": 2}) == VAULT.fingerprint({"b": 2, "a": 1})
    assert VAULT.fingerprint({"a": 1}) != VAULT.fingerprint({"a": "1"})


def test_wrapped_keys_are_bound_to_master_and_purpose() -> None:
    wrapped = wrap(OLD, "data:1", NEW)
    assert unwrap(OLD, "data:1", wrapped) == NEW
    for master, purpose in ((NEW, "data:1"), (OLD, "index:1")):
        with pytest.raises(SettingsError):
            unwrap(master, purpose, wrapped)


# -- the master key


def test_a_key_file_is_readable_by_its_owner_only_and_never_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KEHUB_KEY")
    path = tmp_path / "keys" / "kehub.key"
    write_key_file(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    first = master_key("keys/kehub.key", tmp_path)
    assert len(first) == 32
    with pytest.raises(FileExistsError):
        write_key_file(path)
    path.chmod(0o640)
    with pytest.raises(SettingsError, match="readable by others"):
        master_key(str(path), tmp_path)


@pytest.mark.parametrize("text", ["short", base64.b64encode(b"x" * 31).decode(), "ü" * 44, "!" * 44])
def test_what_is_no_key_is_refused_without_being_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("KEHUB_KEY", text)
    with pytest.raises(SettingsError, match="not a key") as caught:
        master_key("none", tmp_path)
    assert text not in str(caught.value)


def test_a_missing_key_file_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KEHUB_KEY")
    with pytest.raises(SettingsError, match="set KEHUB_KEY or restore the key file"):
        master_key("kehub.key", tmp_path)
