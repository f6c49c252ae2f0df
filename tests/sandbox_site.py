"""The brand of four systems in calm weather and without limits: what the hub makes of one population."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from connectors.fxiaoke.twin import FxiaokeOptions, FxiaokeTwin
from connectors.woocommerce.twin import WooOptions, WooTwin
from hub.testing.sandbox_yaml import CONNECTIONS, SYSTEMS, configuration
from sync.engine import Report
from tests.four_systems import Brand, Stages

__all__ = ["Sandbox", "Stages"]


@dataclass
class Sandbox(Brand):
    """Four systems that hold one population, and a hub with an empty store; `creates`: contacts in the CRM."""

    creates: bool = True

    def _made(self) -> dict[str, Any]:
        """No limit of calls stops the clock."""
        fxiaoke = FxiaokeTwin(self.people, self.clock, options=FxiaokeOptions(rewrite_phones=True, calls=1000))
        shop = WooTwin(self.people, self.clock, options=WooOptions(rewrite_phones=True))
        return {**super()._made(), "fxiaoke": fxiaoke, "woocommerce": shop}

    def _yaml(self) -> str:
        return configuration(SYSTEMS, "sandbox.key").replace("create: true", f"create: {str(self.creates).lower()}")

    def rounds(self, count: int = 2) -> Report:
        """Sync and apply everything, a few times; no system fails."""
        report = self.sync()
        for _ in range(count):
            for plan in list(report.plans.values()):
                self.apply(plan.digest)
            report = self.sync()
        assert self.told == []
        return report

    # -- the truth

    def truth(self) -> dict[tuple[str, str], int]:
        """(connection, external id) of each customer record -> the number of the person it is of."""
        zoho, fxiaoke, woo = (self.twins[system].books for system in SYSTEMS)
        found = (
            {("crm", id_): record.person for id_, record in zoho.modules["Contacts"].rows.items()}
            | {("fxiaoke", id_): record.person for id_, record in fxiaoke.tables["AccountObj"].rows.items()}
            | {("shop", str(id_)): record.person for id_, record in woo.customers.items()}
        )
        for till, connection in (("pos:A", "shop_a"), ("pos:B", "shop_b")):
            found |= {(connection, seen.key): seen.person for seen in self.people.sightings(till)}
        return found

    def state(self) -> dict[str, Any]:
        """What the twins hold."""
        return {CONNECTIONS[system]: twin.state() for system, twin in self.twins.items()}
