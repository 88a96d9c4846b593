# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""The runbook as text: Markdown, and one HTML page that needs nothing else. Pure.

Values of the inventory and of the cluster are no markup: in Markdown they are escaped, or code, in HTML the template
engine escapes them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path

import yaml
from ansible_collections.ucops.imp.plugins.module_utils._core.words import cell, flat
from ansible_collections.ucops.imp.plugins.plugin_utils._runbook.steps import Found, Key, Step, Table, steps
from jinja2 import Environment, StrictUndefined

Texts = Mapping[str, str]
"""Texts by key: ``STEP.title``, ``STEP.where``, ``STEP.why``, ``STEP.1`` and on for what to do, ``STEP.WORD`` for what
is only done sometimes, ``STEP.after``; and those of the page and of its tables.

Names of pages, fields and buttons are those of the products, in Japanese with the English ones behind them, because a
console may show either.
"""
LANGUAGES = ("en", "ja")
"""The languages that there are texts for (ISO 639-1)."""


@cache
def texts_of(language: str) -> Texts:
    """Return the texts of one of :data:`LANGUAGES`."""
    path = Path(__file__).parent / "words" / f"{language}.yml"
    return dict(yaml.safe_load(path.read_text(encoding="utf-8")))


@dataclass(frozen=True)
class Written:
    """A step with its texts in one language: what stands on the page, without markup."""

    name: str
    title: str
    where: str
    why: str
    actions: tuple[str, ...]
    tables: tuple[Table, ...]
    after: str


def written(
    step: Step, texts: Texts, shown: Callable[[str], str] = flat, typed: Callable[[str], str] = flat
) -> Written:
    """Return a step in words.

    Args:
        step: The step.
        texts: The texts of a language.
        shown: What a value of the inventory passes before it stands in a sentence.
        typed: The same for a value in a table, where somebody copies it from.
    """
    values = {name: shown(value) for name, value in step.values.items()}

    def text(key: str) -> str:
        return texts[f"{step.name}.{key}"].format(**values)

    numbered = (str(number) for number in count(1))
    actions = [text(number) for number in _while_known(numbered, step.name, texts)]
    actions += [text(word) for word in step.actions]
    tables = tuple(_table(table, texts, shown, typed) for table in step.tables)
    return Written(step.name, text("title"), text("where"), text("why"), tuple(actions), tables, text("after"))


def _while_known(numbers: Iterator[str], step: str, texts: Texts) -> Iterator[str]:
    for number in numbers:
        if f"{step}.{number}" not in texts:
            return
        yield number


def _table(table: Table, texts: Texts, shown: Callable[[str], str], typed: Callable[[str], str]) -> Table:
    """Return a table in words: its titles, and each cell that is the key of a text."""
    rows = tuple(tuple(_cell(value, texts, typed) for value in row) for row in table.rows)
    return Table(shown(table.caption), tuple(texts[title] for title in table.titles), rows)


def _cell(value: str, texts: Texts, typed: Callable[[str], str]) -> str:
    return texts[value] if isinstance(value, Key) else typed(value)


def _code(value: str) -> str:
    """Return a value as code in a table of Markdown: it is read and copied as it is, also where nobody renders it.

    Only a pipe must be escaped there, and a row of backticks needs a longer one around it.
    """
    text = flat(value).replace("|", "\\|")
    if not text:
        return ""
    fence = "`" * (max(map(len, re.findall("`+", text)), default=0) + 1)
    blank = " " if "`" in text else ""
    return f"{fence}{blank}{text}{blank}{fence}"


def markdown(found: Found, language: str) -> str:
    """Return the page in Markdown, which ends with a line break.

    Args:
        found: What was read and what is wanted.
        language: One of :data:`LANGUAGES`.
    """
    texts, made = texts_of(language), steps(found)
    lines = [f"# {texts['title'].format(cluster=cell(found.cluster))}", "", texts["made"], ""]
    if not made:
        return "\n".join([*lines, texts["none"]]) + "\n"
    lines += [texts["intro"], "", f"**{texts['left'].format(number=len(made))}**", ""]
    for number, step in enumerate(made, 1):
        lines += _section(number, written(step, texts, cell, _code), texts)
    return "\n".join([*lines, texts["again"]]) + "\n"


def _section(number: int, step: Written, texts: Texts) -> Iterator[str]:
    yield from (
        f"## {number}. {step.title}",
        "",
        f"* {texts['where']}: {step.where}",
        f"* {texts['why']}: {step.why}",
        "",
    )
    yield from (f"{place}. {action}" for place, action in enumerate(step.actions, 1))
    for table in step.tables:
        yield ""
        if table.caption:
            yield from (f"### {table.caption}", "")
        yield f"| {' | '.join(table.titles)} |"
        yield f"|{'---|' * len(table.titles)}"
        yield from (f"| {' | '.join(row)} |" for row in table.rows)
    yield from ("", f"{texts['after']}: {step.after}", "")


def html(found: Found, language: str) -> str:
    """Return the page as HTML, with a box for each step to be ticked on paper; see :func:`markdown`."""
    texts, made = texts_of(language), steps(found)
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    page: str = environment.from_string(_PAGE).render(
        style=_STYLE,
        lang=language,
        texts=texts,
        title=texts["title"].format(cluster=flat(found.cluster)),
        made=texts["made"],
        left=texts["left"].format(number=len(made)),
        steps=[written(step, texts) for step in made],
    )
    return page


def titles(found: Found, language: str) -> Sequence[dict[str, str]]:
    """Return the steps that are left for programs: ``{step, title}``."""
    return [
        {"step": step.name, "title": step.title}
        for step in (written(step, texts_of(language)) for step in steps(found))
    ]


_STYLE = """
:root{color-scheme:light dark;--bg:#fff;--ink:#1b2430;--soft:#5b6675;--line:#d5dae1;--head:#f2f4f7;--link:#2a5db0}
@media(prefers-color-scheme:dark){:root{--bg:#12161c;--ink:#e7ebf0;--soft:#9aa6b5;--line:#303844;--head:#1b2129;
--link:#8fb6ff}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);overflow-wrap:anywhere;
font:16px/1.6 system-ui,-apple-system,"Segoe UI","Noto Sans CJK JP","Hiragino Sans",sans-serif}
main{max-width:56rem;margin:0 auto;padding:2rem 1.25rem 3rem}
h1{font-size:1.6rem;margin:0}
h2{font-size:1.2rem;margin:2rem 0 .5rem;padding-top:1rem;border-top:2px solid var(--line)}
h2 label{display:flex;gap:.6rem;align-items:baseline}
h3{font-size:1rem;margin:1rem 0 .3rem}
p.meta{color:var(--soft);margin:.2rem 0 1rem;font-size:.9rem}
.left{font-weight:600}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem;margin:.5rem 0 1rem}
dt{color:var(--soft)}dd{margin:0}
table{border-collapse:collapse;width:100%;margin:.5rem 0 1rem}
th,td{border:1px solid var(--line);padding:.4rem .7rem;text-align:left;vertical-align:top;font-size:.95rem}
thead th{background:var(--head)}
@media(max-width:30rem){dl{grid-template-columns:1fr}dd{margin-bottom:.4rem}th,td{padding:.3rem .4rem}}
@media print{:root{color-scheme:light;--bg:#fff;--ink:#000;--soft:#444;--line:#999;--head:#eee}
main{max-width:none;padding:0}h2,h3{break-after:avoid}tr{break-inside:avoid}}
"""

_PAGE = """\
<!DOCTYPE html>
<html lang="{{ lang }}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{{ title }}</title>
<style>{{ style | safe }}</style>
</head>
<body>
<main>
<h1>{{ title }}</h1>
<p class="meta">{{ made }}</p>
{% if steps %}
<p>{{ texts.intro }}</p>
<p class="left">{{ left }}</p>
{% for step in steps %}
<section aria-labelledby="{{ step.name }}">
<h2 id="{{ step.name }}"><label><input type="checkbox"> {{ loop.index }}. {{ step.title }}</label></h2>
<dl><dt>{{ texts.where }}</dt><dd>{{ step.where }}</dd><dt>{{ texts.why }}</dt><dd>{{ step.why }}</dd></dl>
<ol aria-label="{{ texts.do }}">
{% for action in step.actions %}
<li>{{ action }}</li>
{% endfor %}
</ol>
{% for table in step.tables %}
{% if table.caption %}
<h3>{{ table.caption }}</h3>
{% endif %}
<table>
<thead><tr>{% for title in table.titles %}<th scope="col">{{ title }}</th>{% endfor %}</tr></thead>
<tbody>
{% for row in table.rows %}
<tr><th scope="row">{{ row[0] }}</th>{% for value in row[1:] %}<td>{{ value }}</td>{% endfor %}</tr>
{% endfor %}
</tbody>
</table>
{% endfor %}
<p><strong>{{ texts.after }}:</strong> {{ step.after }}</p>
</section>
{% endfor %}
<p>{{ texts.again }}</p>
{% else %}
<p class="left">{{ texts.none }}</p>
{% endif %}
</main>
</body>
</html>
"""
