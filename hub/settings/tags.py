"""Whether the tags that a site maps can be: fields that hold tags, programmes that exist, names that the system takes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hub.settings.configuration import Connection
from hub.settings.fields import SiteField
from hub.settings.problems import Problems, nearest
from hub.settings.tree import Table, walk
from hub.tags import TAGS, Tagging
from rules.ruleset import STAGE, RuleSet


def check_tags(connections: list[Connection], rules: RuleSet, tree: Table, problems: Problems) -> None:
    """Note what is wrong with the entries of tags, each where it is written."""
    known = _known(rules)
    for connection in connections:
        tagging = connection.connector_class.tagging(connection.settings)
        for place, entry in enumerate(connection.fields):
            if entry.ours == TAGS:
                steps = walk(tree, ("connections", connection.name, "fields", place))
                spot = steps[-1][1].spot if steps else tree.spot
                for what, meant, remedy in _flaws(connection.type, tagging, entry, known):
                    problems.add(spot, what, meant=meant, remedy=remedy)


def _known(rules: RuleSet) -> dict[str, list[str]]:
    """The decided fields that give tags, with all values each can have."""
    known = {one.name: list(one.values) for one in rules.programmes}
    stages = known.pop(STAGE)
    return {"tier": known.get(rules.main, []), "stage": stages, **{f"tier.{name}": known[name] for name in known}}


def _flaws(
    system: str, tagging: Tagging | None, entry: SiteField, known: dict[str, list[str]]
) -> Iterator[tuple[str, str, str]]:
    """(what is wrong, what was meant, what to do), one after another."""
    if tagging is None:
        yield f"{system} has no tags that the hub could write", "", "take the entry out"
        return
    if not re.fullmatch(tagging.field, entry.theirs):
        yield f'"{entry.theirs}" cannot hold tags in {system}', "", f"`theirs` must match {tagging.field}"
    rule = entry.over(None).tags
    for part in entry.of:
        if part not in known:
            yield (
                f'no programme is called "{part.partition(".")[2]}"',
                nearest(part, known),
                "name one of `rules: tiers:`",
            )
        for word in known.get(part, ()):
            tag = rule.tag((entry.values or {}).get(word, word))
            flaw = tagging.flaw(tag) if rule.owns(tag) else ""
            if flaw:
                yield f'the tag "{tag}" {flaw}', "", f"shorten `prefix`, or translate {word} with `values`"
