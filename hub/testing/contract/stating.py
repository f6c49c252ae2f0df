"""Checks on what a connector states, its settings, and what `kehub doctor` learns from it."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml
from pydantic import SecretStr

from hub.errors import AuthError, HubError, PermissionMissing, SettingsError
from hub.model import NOUNS
from hub.settings import load
from hub.testing.contract.check import check, networked
from hub.testing.contract.rig import Rig
from hub.testing.site import installed


@check("works")
def states_itself_without_asking(rig: Rig) -> None:
    """It states its streams, target and dialect without a call."""
    assert rig.streams, "it has no streams"
    assert rig.target or rig.streams
    assert not rig.twin.counts.calls, "it called before it was asked to read, write or check"


@check("works")
def maps_what_there_is(rig: Rig) -> None:
    """Its mappings name fields of ours, and ids of theirs."""
    for name, one in rig.streams.items():
        assert one.mapping.id, f"{name}: no field of theirs holds the id"
        known = NOUNS[one.noun].model_fields
        for entry in one.mapping.fields:
            ours = entry.ours.partition(".")[0]
            assert ours in known or ours in ("id", "tier", "stage", "tags", "custom", "consents", "buyer"), (
                f"{name}: {entry.ours} is no field of {one.noun}"
            )


@check("works")
def refuses_an_unknown_setting(rig: Rig) -> None:
    """A setting it does not know is refused, with its place."""
    rig.configure(no_such_setting=1)
    fault = _refused(rig)
    assert "no_such_setting" in str(fault), "the message does not name the setting"
    assert f"{rig.file.name}:" in str(fault), "the message does not name file and line"


@check("works")
def names_a_missing_setting(rig: Rig) -> None:
    """A setting it cannot do without is named when it is missing."""
    required = [name for name, field in _settings(rig).model_fields.items() if field.is_required()]
    for name in required:
        whole = yaml.safe_load(rig.file.read_text("utf-8"))
        del whole["connections"][rig.connection][name]
        (rig.folder / "lacking.yaml").write_text(yaml.safe_dump(whole), encoding="utf-8")
        assert name in str(_refused(rig, rig.folder / "lacking.yaml")), f"the message does not name {name}"


@check("careful")
def takes_secrets_from_the_environment_only(rig: Rig) -> None:
    """Its secrets are marked as such: refused in the clear, and shown nowhere."""
    for name, text in rig.stand.settings.items():
        if not (isinstance(text, str) and text.startswith("${")):
            continue
        secret = rig.stand.secrets[text.strip("${}")]
        with rig.opened() as setup:
            settings: Any = setup.config.connection(rig.connection).settings
        assert isinstance(getattr(settings, name), SecretStr), f"{name} is no SecretStr"
        assert secret not in repr(settings), f"{name} is shown by repr"
        rig.configure(**{name: secret})
        _refused(rig)
        rig.configure(**{name: text})


@check("works")
def doctor_is_content_with_a_healthy_system(rig: Rig) -> None:
    """`kehub doctor` finds a healthy system healthy."""
    findings = _examined(rig)
    assert findings, "it looks at nothing"
    bad = [finding.subject for finding in findings if not finding.good]
    assert not bad, f"it complains about {', '.join(bad)}"


@check("works", networked)
def doctor_names_wrong_credentials(rig: Rig) -> None:
    """`kehub doctor` says so when the credentials are wrong, and what to do."""
    if not rig.stand.secrets:
        return
    for name in rig.stand.secrets:
        os.environ[name] = "wrong-" + "x" * 20
    try:
        remedies = [finding.remedy for finding in _examined(rig) if not finding.good]
    except (AuthError, PermissionMissing, SettingsError) as fault:
        remedies = [fault.remedy]
    finally:
        os.environ.update(rig.stand.secrets)
    assert remedies, "it finds nothing wrong"
    assert any(remedies), "it says nothing of what to do"


@check("careful", networked)
def doctor_bears_a_system_out_of_order(rig: Rig) -> None:
    """`kehub doctor` ends in findings or an error of ours when the system is out of order."""
    for fault in ("500", "html_in_200", "error_in_200", "truncated"):
        rig.twin.faults.set({fault: {"times": None, "on": "any"}})
        try:
            findings = _examined(rig)
        except HubError:
            findings = []
        assert not findings or not all(finding.good for finding in findings) or fault == "truncated", (
            f"it finds everything in order under {fault}"
        )
        rig.twin.faults.clear()
        rig.clock.sleep(86_400)


@check("gentle")
def tells_its_version(rig: Rig) -> None:
    """It tells which version of the system's interface it speaks."""
    with rig.connector() as found:
        assert found.version, "`version` is empty"


@check("gentle", lambda rig: "" if _ends(rig) else "no end of its version is announced")
def tells_when_its_version_ends(rig: Rig) -> None:
    """`kehub doctor` says so when the version of the interface that it speaks is no longer served."""
    assert all(finding.good for finding in _examined(rig)), "it complains before that"
    rig.clock.advance(timedelta(days=10 * 365))
    bad = [finding for finding in _examined(rig) if not finding.good and "version" in finding.subject.lower()]
    assert bad, "it says nothing of a version that is no longer served"
    assert bad[0].remedy, "it says nothing of what to do"


def _ends(rig: Rig) -> bool:
    with rig.connector() as found:
        return "until" in found.version


def _examined(rig: Rig) -> list[Any]:
    with rig.connector() as found:
        return list(found.check())


def _settings(rig: Rig) -> Any:
    with rig.opened() as setup:
        return type(setup.config.connection(rig.connection).settings)


def _refused(rig: Rig, file: Path | None = None) -> SettingsError:
    try:
        load(file or rig.file, rig.plugins or installed())
    except SettingsError as fault:
        return fault
    raise AssertionError("the configuration is taken as it is")
