"""From characters to words: what a rule is spelt with, and what is wrong with characters that no rule has.

Full-width punctuation and letters count as their plain forms outside quotes; inside quotes nothing is changed. A wrong
spelling whose meaning is clear is noted and read as what was meant, so that the rest of the text is checked as well.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from rules.faults import Faults

Sort = Literal["name", "number", "text", "day", "null", "flag", "sign", "word", "mark"]
"""`sign` is a comparison or arithmetic, `word` is `and or not in like between is`, `mark` is `( ) ,`."""


@dataclass(frozen=True)
class Word:
    """One word of the text: how it reads (`text`), where it is, and the value of a number, text or flag."""

    sort: Sort
    text: str
    at: int
    length: int
    value: Fraction | str | bool | None = None

    @property
    def end(self) -> int:
        """The place right after it."""
        return self.at + self.length


KEYWORDS = frozenset(("and", "or", "not", "in", "like", "between", "is"))

_PLAIN = {0x3000: " ", 0x3001: ",", 0x2212: "-", 0x00D7: "*", 0x00F7: "/"} | {
    code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)
}
_QUOTES = dict(zip("'\"`“”‘’「『＂＇", "'\"`””’’」』＂＇", strict=True))
"""What may open a text, rightly or not -> what closes it."""

_PATTERN = re.compile(
    r"""(?P<space>\s+)
      | (?P<comment>--[^\n]*|/\*.*?(?:\*/|\Z)|\#[^\n]*|//[^\n]*)
      | (?P<hole>\{\{[^{}]*\}\}|\$\{[^{}]*\}|\{%[^{}]*%\}|\{\w*\}|%\(\w*\)s|[:@$]\w+|\?)
      | (?P<bare_day>\d{4}-\d{1,2}-\d{1,2}(?!\w))
      | (?P<percent>\d+(?:\.\d+)?\s?%)
      | (?P<number>\d[\w.]*|\.\d+)
      | (?P<prefix>[^\W\d]\w*\s*\.\s*(?=[^\W\d]|\*))
      | (?P<name>[^\W\d]\w*)
      | (?P<sign><=>|==|!=|<>|><|<=|>=|=>|=<|&&|\|\||::|:=|->|[-+*/=<>≤≥≠!&|^~%])
      | (?P<mark>[(),])
      | (?P<end>;)
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)

_SIGNS = {"≤": "<=", "≥": ">=", "≠": "<>", "!=": "<>"}
_MEANT = {
    "==": ("=", "one `=` compares"), "=>": (">=", "`>=` is at least"), "=<": ("<=", "`<=` is at most"),
    "><": ("<>", "`<>` is unlike"), "&&": ("and", "`and` joins two conditions"), "&": ("and", "`and` joins two conditions"),
    "||": ("or", "`or` joins two conditions"), "|": ("or", "`or` joins two conditions"), "!": ("not", "`not` denies"),
    ":=": ("=", "a rule compares, it sets nothing"), "<=>": ("=", "`is null` asks for what is unknown"),
}  # fmt: skip
_FOREIGN = {
    "::": "kinds cannot be converted with `::`", "->": "`->` is not part of rules", "^": "`^` is not part of rules",
    "~": "`~` is not part of rules", "%": "`%` is not part of rules outside the text of `like`",
}  # fmt: skip
_UNITS = {
    "万": 10_000, "w": 10_000, "千": 1_000, "k": 1_000, "百": 100, "亿": 100_000_000, "百万": 1_000_000, "m": 1_000_000,
}  # fmt: skip


class Speller:
    """Takes a text apart into words; `faults` gets what is wrong, `broken` tells that nothing after some place was read."""

    def __init__(self, text: str, faults: Faults) -> None:
        self._text = text
        self._plain = text.translate(_PLAIN)
        self._faults = faults
        self.words: list[Word] = []
        self.broken = False

    def spell(self) -> list[Word]:
        """All words up to the end, or up to where the text breaks off."""
        at = 0
        while at < len(self._text) and not self.broken:
            at = self._quoted(at) if self._text[at] in _QUOTES else self._next(at)
        return self.words

    def _next(self, at: int) -> int:
        found = _PATTERN.match(self._plain, at)
        assert found is not None
        getattr(self, f"_{found.lastgroup}")(at, found[0])
        return found.end()

    def _word(self, sort: Sort, text: str, at: int, length: int, value: Fraction | str | bool | None = None) -> None:
        self.words.append(Word(sort, text, at, length, value))

    def _quoted(self, at: int) -> int:
        """A text in quotes; of whatever quotes, so that the rest can be read."""
        opens = self._text[at]
        end = self._close(at + 1, _QUOTES[opens])
        if end < 0:
            self._faults.add(at, len(self._text) - at, "this quote is not closed", remedy="end the text with '")
            self.broken = True
            return len(self._text)
        length, inner = end + 1 - at, self._text[at + 1 : end]
        if opens == "'":
            inner = inner.replace("''", "'")
        else:
            self._odd_quotes(opens, at, length, inner)
        self._sound(at, length, inner)
        self._word("text", self._text[at : at + length], at, length, inner)
        return end + 1

    def _close(self, start: int, closes: str) -> int:
        """Where a text in quotes ends; two single quotes stand for one inside it."""
        end = self._text.find(closes, start)
        while closes == "'" and end >= 0 and self._text[end + 1 : end + 2] == "'":
            end = self._text.find(closes, end + 2)
        return end

    def _odd_quotes(self, opens: str, at: int, length: int, inner: str) -> None:
        kind = {'"': "double quotes", "`": "backticks"}.get(opens, "typographic quotes")
        remedy = "names have no quotes, texts have straight single ones"
        self._faults.add(
            at, length, f"a text does not stand in {kind}", meant="'" + inner.replace("'", "''") + "'", remedy=remedy
        )

    def _sound(self, at: int, length: int, inner: str) -> None:
        if any(char < " " or "\ud800" <= char <= "\udfff" or char == "\x7f" for char in inner):
            self._faults.add(at, length, "this text has a character that cannot be stored", remedy="take it out")

    def _space(self, at: int, found: str) -> None:
        """Nothing to do between words."""

    def _comment(self, at: int, found: str) -> None:
        what, remedy = "a rule has no comments", "put it beside the rule, behind a # of the file"
        if found.startswith("--") and found[2:3].isdigit():
            what, remedy = "two minus signs in a row begin a comment", "write - (-5), or + 5"
            self.broken = True
        self._faults.add(at, len(found), what, remedy=remedy)

    def _hole(self, at: int, found: str) -> None:
        remedy = "write the value itself: a rule is read as it stands"
        self._faults.add(
            at, len(found), f"{self._text[at : at + len(found)]} is a place for a value, not a value", remedy=remedy
        )
        self._word("name", "", at, len(found))

    def _bare_day(self, at: int, found: str) -> None:
        self._faults.add(at, len(found), "a day stands in quotes", meant=f"'{found}'")
        self._word("text", found, at, len(found), found)

    def _percent(self, at: int, found: str) -> None:
        share = Fraction(_digits(found.rstrip("% \u3000"))) / 100
        self._faults.add(at, len(found), "a share is written as a number", meant=f"{float(share):g}")
        self._word("number", found, at, len(found), share)

    def _number(self, at: int, found: str) -> None:
        if re.fullmatch(r"[0-9]+(\.[0-9]{1,15})?", found):
            self._word("number", found, at, len(found), Fraction(found))
            return
        value = self._odd_number(at, found)
        self._word("number", found, at, len(found), value)

    def _odd_number(self, at: int, found: str) -> Fraction:
        """The value that was probably meant by what begins like a number."""
        digits = re.match(r"\d*(?:\.\d+)?", found)
        head, tail = (digits[0], found[digits.end() :]) if digits else ("", found)
        value = Fraction(_digits(head)) if head else Fraction(0)
        if re.fullmatch(r"[eE]\d+|x[0-9a-fA-F]+", tail):
            self._faults.add(at, len(found), f"{found} is not written out", remedy="write all digits, as in 100000")
        elif tail.lower() in _UNITS:
            value *= _UNITS[tail.lower()]
            self._faults.add(at, len(found), f"a number has no unit, here {tail}", meant=_written(value))
        elif tail and tail != "." and not re.search(r"[\d.]", tail):
            remedy = "money is in the brand's currency, spans are in days"
            if tail == "d":
                remedy = "spans are in days; behind orders_on and spend_on they stand in quotes"
            self._faults.add(at, len(found), f"a number has no unit, here {tail}", meant=_written(value), remedy=remedy)
        elif head.startswith("."):
            self._faults.add(at, len(found), "a number begins with a digit", meant=f"0{head}")
        elif not tail and head.isascii():
            self._faults.add(at, len(found), "a number has at most 15 decimals", remedy="round it")
        else:
            self._faults.add(
                at, len(found), f"{found} is not a number", remedy="write digits, with one point for decimals"
            )
        return value

    def _prefix(self, at: int, found: str) -> None:
        remedy = "facts stand alone, without a table before them"
        self._faults.add(at, len(found), f"{found.rstrip()} is not part of rules", remedy=remedy)

    def _name(self, at: int, found: str) -> None:
        lower = found.lower()
        if lower in KEYWORDS:
            self._word("word", lower, at, len(found))
        elif lower == "null":
            self._word("null", lower, at, len(found))
        elif lower in ("true", "false"):
            self._word("flag", lower, at, len(found), lower == "true")
        else:
            self._word("name", found, at, len(found))

    def _sign(self, at: int, found: str) -> None:
        if found in _FOREIGN:
            self._faults.add(at, len(found), _FOREIGN[found], remedy="see docs/rules.md for what is")
            self.broken = True
            return
        meant = _SIGNS.get(found, found)
        if found in _MEANT:
            meant, remedy = _MEANT[found]
            self._faults.add(at, len(found), f"`{found}` is not part of rules", meant=meant, remedy=remedy)
        self._word("word" if meant in KEYWORDS else "sign", meant, at, len(found))

    def _mark(self, at: int, found: str) -> None:
        self._word("mark", found, at, 1)

    def _end(self, at: int, found: str) -> None:
        rest = self._plain[at + 1 :].strip()
        if rest:
            self._faults.add(
                at,
                len(self._text) - at,
                "a second statement begins here",
                remedy="a rule is one condition: use and, or",
            )
        else:
            self._faults.add(at, 1, "a rule does not end with a semicolon", remedy="leave it out")
        self.broken = self.broken or bool(rest)

    def _other(self, at: int, found: str) -> None:
        shown = found if found.isprintable() else f"U+{ord(found):04X}"
        self._faults.add(at, 1, f"the character {shown} is not part of rules", remedy="texts stand in single quotes")


def _digits(text: str) -> str:
    """Digits of any script in plain ones."""
    return "".join(str(int(char)) if char.isdecimal() else char for char in text)


def _written(value: Fraction) -> str:
    return str(value.numerator) if value.denominator == 1 else f"{float(value):.15g}"
