"""Reads the Athena DDL that Sluice prints.

Deliberately narrow: whatever is not understood, and whatever Athena would refuse or would hide a mistake, raises
DdlError. It also looks at what Trino does not mind but Athena does: lower case, backticks around names that start
with `_`, lengths.
"""

import re
from dataclasses import dataclass

STATEMENT_BYTES_MAX = 262_144
NAME_MAX = 255
COMMENT_MAX = 255
SCALARS = {"string": "varchar", "bigint": "bigint", "double": "double", "boolean": "boolean",
           "timestamp": "timestamp(3)"}

_HIVE_TOKEN = re.compile(r"""
    (?P<blank>\s+|--[^\n]*)
  | `(?P<quoted>(?:[^`]|``)+)`
  | '(?P<text>(?:[^'\\]|\\.)*)'
  | (?P<word>[A-Za-z][A-Za-z0-9_]*)
  | (?P<sign>[(),.;<>=])
""", re.VERBOSE | re.DOTALL)
_SQL_TOKEN = re.compile(r"""\s+|--[^\n]*|"(?:[^"]|"")+"|'(?:[^']|'')*'|[A-Za-z_][A-Za-z0-9_]*|\d+|[(),.*=<>|+-]""")
_VIEW = re.compile(r"""
    \s* CREATE \s+ OR \s+ REPLACE \s+ VIEW \s+ "(?P<schema>[^"]+)" \s* \. \s* "(?P<name>[^"]+)"
    \s+ AS \s+ (?=SELECT\b)
""", re.VERBOSE)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", '"': '"'}


class DdlError(ValueError):
    """Text that Athena would not take, or that this adapter does not know."""


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    type: str
    comment: str | None


@dataclass(frozen=True, slots=True)
class ExternalTable:
    schema: str
    name: str
    columns: tuple[Column, ...]
    partitions: tuple[Column, ...]
    location: str
    properties: dict[str, str]


@dataclass(frozen=True, slots=True)
class View:
    schema: str
    name: str
    select: str


@dataclass(frozen=True, slots=True)
class Database:
    name: str


@dataclass(frozen=True, slots=True)
class Drop:
    schema: str
    name: str


def parse(text):
    """All statements of a DDL text, each ended by `;`."""
    statements, at = [], 0
    while text[at:].strip():
        if view := _VIEW.match(text, at):
            statement, end = _view(view, text)
        else:
            tokens, end = _tokens(text, at)
            statement = _Parser(tokens).statement()
        if len(text[at:end].encode()) > STATEMENT_BYTES_MAX:
            raise DdlError(f"{statement.name}: longer than Athena's {STATEMENT_BYTES_MAX} bytes")
        statements.append(statement)
        at = end
    return statements


def _view(view, text):
    at = start = view.end()
    while text[at : at + 1] != ";":
        token = _SQL_TOKEN.match(text, at)
        if token is None:
            raise DdlError(f"view {view['name']}: cannot read {text[at : at + 40]!r}")
        at = token.end()
    return View(_name(view["schema"]), _name(view["name"]), text[start:at].strip()), at + 1


def _tokens(text, at):
    found = []
    while True:
        token = _HIVE_TOKEN.match(text, at)
        if token is None:
            raise DdlError(f"cannot read {text[at : at + 40]!r}")
        at = token.end()
        kind, value = token.lastgroup, token[token.lastgroup]
        if kind == "sign" and value == ";":
            return found, at
        if kind == "text":
            value = re.sub(r"\\(.)", _unescape, value, flags=re.DOTALL)
        elif kind == "quoted":
            value = value.replace("``", "`")
        if kind != "blank":
            found.append((kind, value))


def _unescape(match):
    if match[1] not in _ESCAPES:
        raise DdlError(f"unknown escape {match[0]!r}")
    return _ESCAPES[match[1]]


def _name(text):
    if not re.fullmatch(r"[a-z0-9_]+", text) or len(text) > NAME_MAX:
        raise DdlError(f"{text!r} is no name that Athena keeps as it is")
    return text


class _Parser:
    """Recursive descent over the tokens of one statement."""

    def __init__(self, tokens):
        self.tokens = tokens
        self.at = 0

    def statement(self):
        if self.peek("DROP"):
            self.words("DROP TABLE IF EXISTS")
            made = Drop(*self.qualified())
            self.end(made.name)
            return made
        self.words("CREATE")
        if self.peek("DATABASE"):
            self.words("DATABASE IF NOT EXISTS")
            made = Database(self.name())
        else:
            made = self.table()
        self.end(made.name)
        return made

    def end(self, name):
        if self.at != len(self.tokens):
            raise DdlError(f"{name}: not understood: {self.tokens[self.at :][:5]}")

    def qualified(self):
        schema, _, name = self.name(), self.sign("."), self.name()
        return schema, name

    def table(self):
        self.words("EXTERNAL TABLE")
        if self.peek("IF"):
            self.words("IF NOT EXISTS")
        schema, name = self.qualified()
        columns = self.listed(self.column)
        self.words("PARTITIONED BY")
        partitions = self.listed(self.column)
        self.words("STORED AS PARQUET LOCATION")
        location = self.text()
        self.words("TBLPROPERTIES")
        properties = dict(self.listed(self.property))
        names = [column.name for column in (*columns, *partitions)]
        if len(set(names)) != len(names):
            raise DdlError(f"{name}: two columns of one name")
        if any(column.type != "varchar" for column in partitions):
            raise DdlError(f"{name}: partition keys are strings (AWS: projection wants string keys)")
        return ExternalTable(schema, name, tuple(columns), tuple(partitions), location, properties)

    def column(self):
        name, kind, comment = self.name(), self.type(), None
        if self.peek("COMMENT"):
            self.words("COMMENT")
            comment = self.text()
            if len(comment) > COMMENT_MAX:
                raise DdlError(f"{name}: a comment of {len(comment)} characters")
        return Column(name, kind, comment)

    def type(self):
        word = self.take("word")
        if word == "array":
            self.sign("<")
            inner = self.type()
            self.sign(">")
            return f"array({inner})"
        if word not in SCALARS:
            raise DdlError(f"unknown type {word!r}")
        return SCALARS[word]

    def property(self):
        key = self.text()
        self.sign("=")
        return key, self.text()

    def listed(self, item):
        self.sign("(")
        found = [item()]
        while self.peek(","):
            self.sign(",")
            found.append(item())
        self.sign(")")
        return found

    def name(self):
        # A bare word cannot start with `_` or a digit here, just as in Athena.
        kind, _ = self.tokens[self.at] if self.at < len(self.tokens) else ("end", "")
        return _name(self.take("quoted" if kind == "quoted" else "word"))

    def text(self):
        return self.take("text")

    def sign(self, sign):
        if self.take("sign") != sign:
            raise DdlError(f"expected {sign!r} before {self.tokens[self.at :][:3]}")

    def words(self, words):
        for word in words.split():
            if (found := self.take("word").upper()) != word:
                raise DdlError(f"expected {word}, found {found}")

    def peek(self, value):
        return self.at < len(self.tokens) and self.tokens[self.at][1].upper() == value and (
            self.tokens[self.at][0] in ("word", "sign"))

    def take(self, kind):
        found, value = self.tokens[self.at] if self.at < len(self.tokens) else ("end", "")
        if found != kind:
            raise DdlError(f"expected a {kind}, found {found} {value!r}")
        self.at += 1
        return value
