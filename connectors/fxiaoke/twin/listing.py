"""Reading rows: query, get, findOne (sheet sections 3 to 5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connectors.fxiaoke.twin.options import FxiaokeOptions
from connectors.fxiaoke.twin.records import Books, Record, Spoil, Table, Values
from connectors.fxiaoke.twin.replies import Refused, good
from connectors.fxiaoke.twin.search import Search
from connectors.fxiaoke.twin.tokens import Caller, Tokens, json_of
from hub.testing.twin import Answer, Call
from hub.testing.twin_pages import Pages


class Listing:
    """The calls that read."""

    def __init__(self, books: Books, options: FxiaokeOptions, tokens: Tokens, pages: Pages, spoil: Spoil) -> None:
        self._books = books
        self._options = options
        self._tokens = tokens
        self._pages = pages
        self._spoil = spoil

    def query(self, call: Call) -> Answer:
        """`data/query`: a page of rows, and how many there are where a total is wanted."""
        body, table = json_of(call), self.table(call)
        info = _info(body)
        if _behind(info) and self._pages.ignored(call):
            info = {**info, "filters": [one for one in info["filters"] if one.get("field_name") != "_id"]}
        search = Search(table, info, self._options)
        found, told = self._capped(call, table, self._visible(search))
        rows = self._page(call, table, found, search)
        shown = [self._shown(call, table, record, search.projection) for record in rows]
        total = told if self._options.totals and self._wants_total(body) else 0
        rows_out = self._spoil(call, table, shown)
        return good(data={"dataList": rows_out, "total": total, "offset": search.offset, "limit": search.limit})

    def get(self, call: Call) -> Answer:
        """`data/get`: one row, whatever its life status."""
        table = self.table(call)
        record = table.rows.get(str(json_of(call)["data"].get("objectDataId")))
        if record is None:
            raise Refused
        return good(data=self._shown(call, table, record, ()))

    def find_one(self, call: Call) -> Answer:
        """`custom/v2/data/findOne`; the projection stands beside the query."""
        body, table = json_of(call), self.table(call)
        found = self._visible(Search(table, _info(body), self._options))
        names = body["data"].get("field_projection") or ()
        return good(data={"objectData": self._shown(call, table, found[0], names) if found else None})

    def table(self, call: Call) -> Table:
        """The object that a call names beside its query, in the family of its path."""
        asked = json_of(call).get("data")
        return self.named(call, asked.get("dataObjectApiName") if isinstance(asked, dict) else None)

    def named(self, call: Call, name: object) -> Table:
        """An object by its name; custom ones live under `/custom/`, preset ones do not."""
        table = self._books.tables.get(str(name))
        if table is None:
            raise Refused
        custom, own = "/custom/" in call.path, table.name.endswith("__c")
        if custom != own and (own or not self._options.tolerant_paths):
            raise Refused
        return table

    def _visible(self, search: Search) -> list[Record]:
        everything = search.shows_invalid()
        return [record for record in search.found() if everything or not record.dead]

    def _capped(self, call: Call, table: Table, found: Sequence[Record]) -> tuple[Sequence[Record], int]:
        """What is shown of the rows found, and the total told: a cap counts from the object's first row."""
        shown, told = self._pages.capped(call, sorted(table.rows))
        listed = set(shown) if len(shown) < len(table.rows) else table.rows.keys()
        seen = [record for record in found if record.id in listed]
        return seen, len(seen) if told == len(shown) else len(found)

    def _page(self, call: Call, table: Table, found: Sequence[Record], search: Search) -> Sequence[Record]:
        if self._options.silent_cap:
            listed = set(list(table.rows)[: self._options.silent_cap])
            found = [record for record in found if record.id in listed]
        most = max(1, search.limit - self._options.short_by)
        start, most = self._pages.cut(call, search.offset, most)
        return found[start : start + most]

    def _wants_total(self, body: dict[str, Any]) -> bool:
        """Counts are on unless switched off; which switch works is an option."""
        switch = self._options.total_switch
        where = body["data"] if switch == "find_explicit_total_num" else body
        return where.get(switch, True) not in (False, 3)

    def _shown(self, call: Call, table: Table, record: Record, projection: Sequence[str]) -> Values:
        """A row as the caller sees it: empty fields left out unless `includeNull`, names beside references."""
        caller = self._tokens.caller(call)
        names = [name for name in projection or table.fields if name in table.fields]
        row: Values = {"_id": record.id}
        for name in names:
            row.update(self._field(table, record, name, caller))
        if json_of(call).get("includeNull"):
            return {**dict.fromkeys(names), **row}
        return row

    def _field(self, table: Table, record: Record, name: str, caller: Caller) -> Values:
        value, spec = record.values.get(name), table.fields[name]
        if value is None:
            return {}
        if spec.type == "employee":
            return {name: [caller.shown(one) for one in value], f"{name}__r": {"name": f"员工{value[0]}"}}
        target = self._books.tables[spec.target].rows.get(value) if spec.target else None
        return {name: value} if target is None else {name: value, f"{name}__r": target.values["name"]}


def _info(body: dict[str, Any]) -> dict[str, Any]:
    info = body["data"].get("search_query_info")
    if not isinstance(info, dict):
        raise Refused
    return info


def _behind(info: dict[str, Any]) -> bool:
    """Whether a query goes on behind a row."""
    return any(one.get("field_name") == "_id" and one.get("operator") == "GT" for one in info.get("filters") or ())
