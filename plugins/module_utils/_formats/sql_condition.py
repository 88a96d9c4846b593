# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""A condition in the SQL of Unified CM's database, Informix, as people write it: is it one, and does it only read?

It becomes ``where (CONDITION)`` of a statement that reads users. So it must stay inside of these parentheses, and must
hold no word that begins a statement. What it says of tables and columns, the server judges. Pure.
"""

from __future__ import annotations

import re

LONGEST = 4000
"""Characters; documented."""
MOST_SELECTS = 5
"""So many subselects may stand in a condition; documented."""

FUNCTIONS = frozenset(
    {
        *("abs", "avg", "coalesce", "count", "length", "lower", "ltrim", "max", "min", "mod", "nullif", "nvl"),
        *("replace", "round", "rtrim", "substr", "substring", "sum", "trim", "upper"),
    }
)
"""The functions that may be called: those that only compute. A routine of the database could change it."""
_WRITES = frozenset(
    {
        *("alter", "begin", "call", "commit", "create", "delete", "drop", "execute", "grant", "insert", "into"),
        *("load", "lock", "merge", "procedure", "rename", "revoke", "rollback", "save", "set", "start", "truncate"),
        *("unload", "unlock", "update", "work"),
    }
)
_OUTSIDE = frozenset({"for", "from", "group", "having", "order", "select", "union", "where", "with"})
"""Words that have no place in a condition but in a subselect of it."""
_BEFORE_PARENTHESIS = frozenset(
    {
        *("all", "and", "any", "as", "between", "by", "case", "distinct", "else", "exists", "from", "having", "in"),
        *("is", "join", "like", "matches", "not", "on", "or", "select", "some", "then", "unique", "when", "where"),
    }
)
_COMPARES = frozenset({"=", "<>", "!=", "<", ">", "<=", ">=", "between", "exists", "in", "is", "like", "matches"})
"""Without one of these a text is no condition; some servers would take a number for one that always holds."""
_LITERAL = "''"
"""What stands for every text and number. In double quotes some servers take a text for the name of a function."""
_WORD = re.compile(r"[a-z_]\w*")
_TOKEN = re.compile(
    r"""
    (?P<skip>[ \t\r\n\f\v]+)
    |(?P<comment>--|/\*|\*/|[{}])
    |(?P<string>'(?:[^']|'')*'|"(?:[^"]|"")*")
    |(?P<number>\d+(?:\.\d+)?)
    |(?P<word>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<operator><>|!=|<=|>=|\|\||[-+*/(),.=<>])
    """,
    re.VERBOSE,
)


def problems(text: str) -> list[str]:
    """Return what is wrong with a condition, one sentence each; nothing when it can be sent."""
    if not text.strip():
        return ["it is empty; give a condition, such as department = 'sales'."]
    if len(text) > LONGEST:
        return [f"it has {len(text):,} characters; {LONGEST:,} are the most."]
    tokens, said = _split(text)
    return [said] if said else list(dict.fromkeys(_judged(tokens)))


def _split(text: str) -> tuple[list[str], str]:
    """Return the words, operators and literals of a condition, in lower case; or why it cannot be read."""
    parts: list[str] = []
    position = 0
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            sign = text[position]
            if sign in "'\"":
                return [], f"a text that begins with {sign} does not end."
            if sign == ";":
                return [], "it has a semicolon; give one condition, not statements."
            return [], f"the character {sign!r} has no meaning there; texts stand in quotes."
        position = found.end()
        if found.lastgroup == "comment":
            return [], f"it has a comment ({found[0]}); leave it out."
        if found.lastgroup in ("word", "operator"):
            parts.append(found[0].lower())
        elif found.lastgroup in ("string", "number"):
            parts.append(_LITERAL)
    return parts, ""


def _judged(parts: list[str]) -> list[str]:
    found: list[str] = []
    depth = selects = 0
    for place, part in enumerate(parts):
        called = parts[place + 1 : place + 2] == ["("]
        depth += (part == "(") - (part == ")")
        selects += part == "select"
        if depth < 0:
            return [*found, "it closes a parenthesis that it has not opened."]
        if part in _WRITES:
            found.append(f"the word {part.upper()} is not allowed, because the condition may only read.")
        elif part in _OUTSIDE and depth == 0:
            found.append(
                "leave out the word WHERE and all before it; it is the condition alone."
                if place == 0
                else f"the word {part.upper()} is not allowed outside of a subselect."
            )
        elif called and part == _LITERAL:
            found.append("a text or a number stands right before a parenthesis, as if it were a function.")
        elif called and _WORD.fullmatch(part) and part not in FUNCTIONS | _BEFORE_PARENTHESIS:
            found.append(f"the function {part} is not allowed; {', '.join(sorted(FUNCTIONS))} are.")
    if depth:
        found.append("a parenthesis is not closed.")
    if not _COMPARES.intersection(parts):
        found.append("it compares nothing; give a condition, such as department = 'sales'.")
    if selects > MOST_SELECTS:
        found.append(f"it has {selects} subselects; {MOST_SELECTS} are the most.")
    return found
