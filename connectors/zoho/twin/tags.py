"""Tags: the settings calls, and adding and removing them (sheet section 10)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from connectors.zoho.twin.options import ZohoOptions
from connectors.zoho.twin.records import CLERK, USER, Books, Module, Record, Values
from connectors.zoho.twin.replies import Refused, envelope
from connectors.zoho.twin.writing import Note, Result, Writing
from hub.testing.twin import Answer, Call

COLOURS = (
    "#57B1FD", "#879BFC", "#658BA8", "#FD87BD", "#969696", "#F48435", "#1DB9B4", "#E7A826", "#63C57E", "#F17574",
    "#D297EE", "#A8C026", "#B88562",
)  # fmt: skip
TAG = "Tag"


class Tags:
    """The tags of every module; a tag's name is unique there, case does not matter."""

    def __init__(self, books: Books, options: ZohoOptions, note: Note, writing: Writing) -> None:
        self._books = books
        self._options = options
        self._note = note
        self._writing = writing
        self._known: dict[str, dict[str, Values]] = {name: {} for name in books.modules}

    # -- settings

    def listed(self, call: Call) -> Answer:
        """`GET /settings/tags?module=`."""
        known = list(self._known[self._asked(call).name].values())
        info = {"count": len(known), "allowed_count": len(known)}
        return Answer(200, {"tags": known, "info": info}) if known else Answer(204)

    def made(self, call: Call) -> Answer:
        """`POST /settings/tags?module=`."""
        module, tags = self._asked(call), _tags(call)
        results = [self._made(module, tag) for tag in tags]
        good = sum(result["code"] == "SUCCESS" for result in results)
        return Answer(201 if good == len(results) else 207 if good else 400, {"tags": results})

    def _made(self, module: Module, tag: Values) -> Result:
        if wrong := self._wrong(tag):
            return wrong
        if tag["name"].casefold() in self._known[module.name]:
            return envelope("DUPLICATE_DATA", "duplicate data", {"api_name": "name"})
        details = self._new(module, tag["name"], tag.get("color_code"))
        return {"code": "SUCCESS", "details": details, "message": "tags created successfully", "status": "success"}

    def _wrong(self, tag: Values) -> Result | None:
        name, where = tag.get("name"), {"api_name": "name", "json_path": "$.tags.name"}
        if not isinstance(name, str) or not name.strip():
            return envelope("MANDATORY_NOT_FOUND", details=where)
        if len(name) > self._options.tag_length:
            return envelope("INVALID_DATA", details={**where, "maximum_length": self._options.tag_length})
        if tag.get("color_code") not in (None, *COLOURS):
            return envelope("INVALID_DATA", details={"api_name": "color_code"})
        return None

    def _new(self, module: Module, name: str, colour: str | None = None) -> Values:
        known = self._known[module.name]
        made = {"name": name, "id": self._books.next_id(), "color_code": colour or COLOURS[len(known) % len(COLOURS)]}
        known[name.casefold()] = made
        return made

    def _asked(self, call: Call) -> Module:
        name = call.query.get("module", "")
        if name not in self._books.modules:
            raise Refused("INVALID_MODULE" if name else "REQUIRED_PARAM_MISSING", {"param": "module"})
        return self._books.modules[name]

    # -- records

    def add(self, call: Call) -> Answer:
        """`POST /{Module}/actions/add_tags` and `/{Module}/{id}/actions/add_tags`."""
        module, tags, ids = self._given(call)
        over_write = bool(call.json().get("over_write"))
        return _answer([self._add(module, one, tags, over_write) for one in ids])

    def remove(self, call: Call) -> Answer:
        """`POST /{Module}/actions/remove_tags` and `/{Module}/{id}/actions/remove_tags`."""
        module, tags, ids = self._given(call)
        return _answer([self._remove(module, one, tags) for one in ids])

    def put(self, record: Record, module: Module, names: Iterable[str], *, by: Mapping[str, str] = CLERK) -> None:
        """Give a record tags, as a user may who types them; they are made where they are new."""
        held: list[Values] = record.values[TAG]
        known = self._known[module.name]
        new = [known.get(name.casefold()) or self._new(module, name) for name in names]
        self._keep(module, record, [*held, *(tag for tag in new if tag not in held)], by)

    def drop(self, record: Record, module: Module, names: Iterable[str], *, by: Mapping[str, str] = CLERK) -> None:
        """Take tags from a record."""
        gone = {name.casefold() for name in names}
        self._keep(module, record, [tag for tag in record.values[TAG] if tag["name"].casefold() not in gone], by)

    def _given(self, call: Call) -> tuple[Module, list[Values], list[str]]:
        module, tags, ids = self._writing.module(call), _tags(call), call.json().get("ids")
        if "id" in call.params:
            ids = [call.params["id"]]
        if not isinstance(ids, list) or not ids:
            raise Refused("MANDATORY_NOT_FOUND", {"api_name": "ids", "json_path": "$.ids"})
        if len(ids) > self._options.tag_ids:
            raise Refused("LIMIT_EXCEEDED", {"limit": self._options.tag_ids, "json_path": "$.ids"})
        for tag in tags:
            if "id" not in tag and (wrong := self._wrong(tag)):
                raise Refused(wrong["code"], wrong["details"])
        return module, tags, [str(one) for one in ids]

    def _add(self, module: Module, id_: str, tags: list[Values], over_write: bool) -> Result:
        record = module.rows.get(id_)
        if record is None or record.id in self._options.locked:
            return _refused(record, id_)
        names = [self._named(module, tag) for tag in tags]
        known = self._known[module.name]
        if not self._options.tags_appear and any(name.casefold() not in known for name in names):
            return envelope("INVALID_DATA", "no such tag", {"id": id_, "api_name": "tags"})
        held = [] if over_write else [tag["name"] for tag in record.values[TAG]]
        if self._options.tags_per_record and len({*map(str.casefold, [*held, *names])}) > self._options.tags_per_record:
            return envelope("LIMIT_EXCEEDED", details={"id": id_, "limit": self._options.tags_per_record})
        record.values[TAG] = [] if over_write else record.values[TAG]
        self.put(record, module, names, by=USER)
        return self._done(module, record)

    def _remove(self, module: Module, id_: str, tags: list[Values]) -> Result:
        record = module.rows.get(id_)
        if record is None or record.id in self._options.locked:
            return _refused(record, id_)
        self.drop(record, module, [self._named(module, tag) for tag in tags], by=USER)
        return self._done(module, record)

    def _named(self, module: Module, tag: Values) -> str:
        """The name of a tag that a call means; its id goes before its name."""
        known = self._known[module.name].values()
        return str(next((one["name"] for one in known if one["id"] == tag.get("id")), tag.get("name", "")))

    def _keep(self, module: Module, record: Record, tags: list[Values], by: Mapping[str, str]) -> None:
        if self._options.tags_touch or by is CLERK:
            self._books.update(module.name, record, {TAG: tags}, by=by)
        else:
            record.values[TAG] = tags

    def _done(self, module: Module, record: Record) -> Result:
        self._note("tag", module.name, record.id, (TAG,))
        details = {"id": record.id, "tags": list(record.values[TAG])}
        return {"code": "SUCCESS", "details": details, "message": "tags updated successfully", "status": "success"}


def _tags(call: Call) -> list[Values]:
    try:
        tags = call.json()["tags"]
    except (ValueError, KeyError, TypeError):
        tags = None
    if not isinstance(tags, list) or not tags or not all(isinstance(tag, dict) for tag in tags):
        raise Refused("MANDATORY_NOT_FOUND", {"api_name": "tags", "json_path": "$.tags"})
    return tags


def _refused(record: Record | None, id_: str) -> Result:
    code = "RECORD_LOCKED" if record else "INVALID_DATA"
    return envelope(code, "" if record else "the id given seems to be invalid", {"id": id_})


def _answer(results: list[Result]) -> Answer:
    """All in one list, in the order of the ids; counts are texts, as they may be."""
    good = sum(result["code"] == "SUCCESS" for result in results)
    locked = sum(result["code"] == "RECORD_LOCKED" for result in results)
    status = 200 if good == len(results) else 207 if good else 400
    return Answer(status, {"data": results, "success_count": str(good), "locked_count": locked})
