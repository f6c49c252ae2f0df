"""Names in a rule: facts in English and Chinese, those that no rule may read, and words that belong to other languages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any, TypeVar

from rules.catalogue import Fact
from rules.faults import Faults, nearest
from rules.kinds import Part, Skip
from rules.nodes import FactOf, Node
from rules.rule import World
from rules.spelling import Word

_ALIEN: dict[str, tuple[str, str]] = {
    "select from where join on group by having order limit offset union intersect except with insert update delete drop create"
    " alter into values set": ("a rule is a condition, not a query", "write the condition only, what stands behind where"),
    "case when then else end if": ("a rule has no case ... when", "make a rule of each case"),
    "cast convert": ("kinds cannot be converted", "leave the cast out: kinds are known"),
    "exists any all some": ("a rule has no subqueries", "use in_segment(...), orders_on(...) or spend_on(...)"),
    "ilike regexp rlike similar glob match": ("`like` is the only pattern", "write like '上海%'"),
    "escape collate": ("nothing follows the text of `like`", "leave it out: % and _ always stand for others"),
    "interval now today current_date current_timestamp sysdate getdate 今天": (
        "rules have no today", "use days_since(...), as in days_since(last_order_on) >= 180"
    ),
    "xor div mod": ("there is no such operator", "use and, or, not, + - * /"),
    "none nil empty": ("what is unknown is called null", "write is null, or is not null"),
    "yes no 是 否": ("yes and no are called true and false", "use the fact alone, or with not before it"),
    "并且 且": ("words that join are English", "write and"), "或者 或": ("words that join are English", "write or"),
    "不": ("words that join are English", "write not"), "属于": ("words that join are English", "write in"),
    "大于": ("comparisons are signs", "write >"), "小于": ("comparisons are signs", "write <"),
    "等于": ("comparisons are signs", "write ="), "不等于": ("comparisons are signs", "write <>"),
    "大于等于": ("comparisons are signs", "write >="), "小于等于": ("comparisons are signs", "write <="),
}  # fmt: skip
_FOREIGN = {word: told for words, told in _ALIEN.items() for word in words.split()}
"""Word -> what is wrong with it in a rule, and what to do."""

_PERSONAL = {
    "手机号": "phone", "手机": "phone", "电话": "phone", "邮箱": "email", "电子邮件": "email", "姓名": "name", "名字": "name",
    "生日": "birthday", "地址": "street", "街道": "street", "区县": "district", "邮编": "postcode", "会员卡号": "member_card",
    "备注": "note", "微信": "wechat_unionid",
}  # fmt: skip
"""Chinese names of fields that no rule may read."""

Expand = Callable[[Fact], Part]


class Unsound(Exception):
    """The expression of a derived fact is wrong; the text says how."""


class Names:
    """Finds what a name stands for. `expand` reads the expression of a derived fact; `within` when this is one itself."""

    def __init__(self, world: World, faults: Faults, expand: Expand, within: bool) -> None:
        self._world = world
        self._faults = faults
        self._expand = expand
        self._within = within

    def fact(self, word: Word) -> Part:
        """The fact of that name, a derived one expanded in place."""
        fact = self._world.names.get(word.text.lower())
        if fact is None:
            self.unknown(word)
            raise Skip
        if fact.derived:
            return moved(self._derived(fact, word), word, fact.name)
        return FactOf(fact.kind, fact.name, fact.group == "custom", at=word.at, length=word.length)

    def _derived(self, fact: Fact, word: Word) -> Part:
        try:
            return self._expand(fact)
        except Unsound as error:
            what = str(error) if self._within else f"the fact {fact.name} is itself wrong: {error}"
            self._faults.add(word.at, word.length, what)
        raise Skip

    def foreign(self, word: Word) -> bool:
        """Whether this is a word of another language, which is noted."""
        known = _FOREIGN.get(word.text.lower())
        if known is None or word.text.lower() in self._world.names:
            return False
        self._faults.add(word.at, word.length, f"{known[0]}: `{word.text}`", remedy=known[1])
        return True

    def unknown(self, word: Word) -> None:
        """Note a name that is no fact: a personal field, or probably a slip."""
        if not word.text or self.foreign(word):
            return
        field = _PERSONAL.get(word.text, word.text.lower())
        if field in self._world.refused:
            what = f"no rule may read {word.text}: it identifies a person and is sealed"
            self._faults.add(word.at, word.length, what, remedy=self._world.refused[field])
            return
        names = [name for fact in self._world.facts.values() for name in (fact.name, *fact.zh)]
        meant = nearest(word.text, names)
        self._faults.add(
            word.at,
            word.length,
            f"there is no fact {word.text}",
            meant=meant,
            remedy="" if meant else _UNKNOWN,
        )


_UNKNOWN = "see docs/rules.md for all facts; a text stands in single quotes"

N = TypeVar("N", bound=Node)


def moved(node: N, word: Word, called: str) -> N:
    """The node and all below it as if they stood where a word does, called what it is called."""
    changed: dict[str, Any] = {"at": word.at, "length": word.length, "called": called}
    for each in fields(node):
        inner = getattr(node, each.name)
        if isinstance(inner, Node):
            changed[each.name] = moved(inner, word, called)
        elif isinstance(inner, tuple):
            changed[each.name] = tuple(moved(one, word, called) for one in inner)
    return replace(node, **changed)
