"""What `kehub doctor` says of Bulk Read: whether large modules are read by it, and if not, why."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.zoho.wire.export import Export
from hub.connector import Finding
from hub.errors import HubError

_SCOPE = "ZohoCRM.bulk.READ"


def bulk_findings(export: Export, connection: str) -> Iterator[Finding]:
    """One finding for a module that is large enough; none for others, which need no such scope."""
    name = export.module.name
    try:
        if not export.suits(export.module.count()):
            return
        may, lacking = export.bulk.may(), export.lacking()
    except HubError:
        return  # said elsewhere: a scope, the module, or the fields
    if not may:
        remedy = f"until then all of {name} is read by list, with many more calls; `bulk_from: 0` if that is wanted"
        yield Finding(f"scope {_SCOPE}", False, f"add it and sign in again: kehub login {connection}; {remedy}")
    elif lacking:
        yield Finding(f"Bulk Read of {name}: not used, as it does not give {', '.join(lacking)}", True)
    else:
        yield Finding(f"Bulk Read of {name}", True)
