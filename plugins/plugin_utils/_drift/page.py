# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""The drift report as one HTML page that needs nothing else: no script, no font, no picture from anywhere.

Pure: from the report to text. Everything that comes from a cluster is escaped by the template engine.
"""

from __future__ import annotations

from ansible_collections.ucops.imp.plugins.module_utils._core.words import text
from ansible_collections.ucops.imp.plugins.plugin_utils._drift.records import EXISTS, Record, Status
from ansible_collections.ucops.imp.plugins.plugin_utils._drift.report import Report
from jinja2 import Environment, StrictUndefined

TILES = (
    (Status.DRIFT, "Drift", "differs from what is declared"),
    (Status.UNDECLARED, "Undeclared", "is there, nobody declared it"),
    (Status.UNKNOWN, "Unknown", "write-only, cannot be compared"),
    (Status.COULD_NOT_CHECK, "Could not check", "no answer, or a refusal"),
    (Status.CORRECTED, "Corrected", "changed by this run"),
)
WORDS = {Status.DRIFT: ("is", "should be"), Status.UNDECLARED: ("is", "default"), Status.CORRECTED: ("was", "is now")}
"""What stands before the two values of a field."""
MOODS = {0: "good", 3: "warn"}
"""Every other exit status is bad."""

_STYLE = """
:root{color-scheme:light dark;--bg:#f6f7f9;--card:#fff;--ink:#1b2430;--soft:#5b6675;--line:#e1e5ea;
--good:#1a7f4b;--good-bg:#e4f5eb;--warn:#96590a;--warn-bg:#fdf1dc;--bad:#b3261e;--bad-bg:#fce8e6;
--info:#2a5db0;--info-bg:#e6eefb;--note:#5b6675;--note-bg:#eceff3;--was:#fbe9e7;--is:#e5f5ea}
@media(prefers-color-scheme:dark){:root{--bg:#12161c;--card:#1b2129;--ink:#e7ebf0;--soft:#9aa6b5;--line:#303844;
--good:#6fd39b;--good-bg:#16321f;--warn:#f2b866;--warn-bg:#3a2a10;--bad:#ff8f86;--bad-bg:#40201d;
--info:#8fb6ff;--info-bg:#1d2d4a;--note:#a9b3c0;--note-bg:#2a313b;--was:#3d2422;--is:#1b3525}}
*{box-sizing:border-box}
body{margin:0;overflow-wrap:anywhere}
body{background:var(--bg);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:72rem;margin:0 auto;padding:2rem 1.25rem 3rem}
h1{font-size:1.6rem;margin:0 0 .25rem;letter-spacing:-.01em}
h2{font-size:1.2rem;margin:0}
.meta{color:var(--soft);margin:0;font-size:.9rem}
.verdict{display:flex;gap:.9rem;align-items:center;margin:1.5rem 0;padding:1rem 1.25rem;border-radius:.75rem;
font-size:1.1rem;font-weight:600;border:1px solid}
.verdict .mark{font-size:1.5rem;line-height:1}
.verdict small{display:block;font-weight:400;font-size:.9rem;opacity:.9}
.good{color:var(--good);background:var(--good-bg);border-color:currentColor}
.warn{color:var(--warn);background:var(--warn-bg);border-color:currentColor}
.bad{color:var(--bad);background:var(--bad-bg);border-color:currentColor}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(10.5rem,100%),1fr));gap:.75rem;
margin:0 0 2rem;padding:0;list-style:none}
.tiles li{background:var(--card);border:1px solid var(--line);border-radius:.75rem;padding:.9rem 1rem;
border-top:4px solid var(--tone,var(--line))}
.tiles b{display:block;font-size:1.9rem;line-height:1.15;font-variant-numeric:tabular-nums}
.tiles .zero b{color:var(--soft);font-weight:500}
.tiles span{display:block;font-weight:600}
.tiles small{color:var(--soft)}
section{background:var(--card);border:1px solid var(--line);border-radius:.75rem;margin:0 0 1.5rem;overflow:hidden}
section>header{display:flex;flex-wrap:wrap;gap:.25rem 1rem;align-items:baseline;justify-content:space-between;
padding:1rem 1.25rem}
.clean{padding:0 1.25rem 1.1rem;margin:0;color:var(--good);font-weight:600}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.93rem}
caption{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
th,td{padding:.7rem 1.25rem;text-align:left;vertical-align:top;border-top:1px solid var(--line)}
thead th{font-size:.78rem;text-transform:uppercase;letter-spacing:.05em;color:var(--soft);font-weight:600;
white-space:nowrap}
tbody th{font-weight:600;overflow-wrap:anywhere;min-width:12rem}
td{overflow-wrap:anywhere}
tbody th small,td small{display:block;color:var(--soft);font-weight:400}
.badge{display:inline-block;white-space:nowrap;padding:.1rem .6rem;border-radius:1rem;font-size:.8rem;font-weight:600}
.drift{--tone:var(--warn)}.undeclared{--tone:var(--info)}.unknown{--tone:var(--note)}
.could-not-check{--tone:var(--bad)}.corrected{--tone:var(--good)}
.badge.drift{color:var(--warn);background:var(--warn-bg)}.badge.undeclared{color:var(--info);background:var(--info-bg)}
.badge.unknown{color:var(--note);background:var(--note-bg)}.badge.could-not-check{color:var(--bad);background:var(--bad-bg)}
.badge.corrected{color:var(--good);background:var(--good-bg)}
.values{display:flex;flex-wrap:wrap;gap:.2rem .5rem;align-items:center;margin-top:.2rem}
del,ins{text-decoration:none;padding:.05rem .45rem;border-radius:.35rem;
font:.88rem/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
del{background:var(--was)}ins{background:var(--is)}
.values span{color:var(--soft);font-size:.85rem}
tbody th.long{font:500 .8rem/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
th.long small{font:.8rem/1.5 system-ui,sans-serif}
@media(min-width:44.01rem){tbody th{width:32%}}
details{padding:.75rem 1.25rem;border-top:1px solid var(--line);color:var(--soft);font-size:.9rem}
details summary{cursor:pointer}
details ul{margin:.5rem 0 0;padding-left:1.2rem}
footer{color:var(--soft);font-size:.85rem}
@media(max-width:30rem){main{padding:1.25rem .75rem 2rem}
.tiles{grid-template-columns:1fr 1fr}.tiles li{padding:.6rem .7rem}
.verdict,section>header{padding-left:1rem;padding-right:1rem}}
@media screen and (max-width:44rem){thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
tr{display:block;padding:.7rem 0;border-top:1px solid var(--line)}
tbody th,td{display:block;border:0;padding:.15rem 1.25rem}}
@media print{:root{color-scheme:light;--bg:#fff;--card:#fff;--ink:#000;--soft:#444;--line:#ccc;
--good:#1a7f4b;--good-bg:#e4f5eb;--warn:#96590a;--warn-bg:#fdf1dc;--bad:#b3261e;--bad-bg:#fce8e6;
--info:#2a5db0;--info-bg:#e6eefb;--note:#5b6675;--note-bg:#eceff3;--was:#fbe9e7;--is:#e5f5ea}
body{font-size:10pt;print-color-adjust:exact;-webkit-print-color-adjust:exact}
main{max-width:none;padding:0}
.verdict{margin:.8rem 0;padding:.6rem .9rem}
.tiles{grid-template-columns:repeat(auto-fit,minmax(7rem,1fr));gap:.4rem;margin-bottom:1rem}
.tiles li{padding:.4rem .6rem}.tiles b{font-size:1.3rem}
section{overflow:visible;margin-bottom:1rem}.scroll{overflow:visible}
tr,.tiles li,.verdict{break-inside:avoid}section>header,thead{break-after:avoid}
tbody tr:first-child{break-before:avoid}
section>header{padding:.6rem .9rem}th,td{padding:.35rem .9rem}details:not([open]){display:none}}
"""

_HEAD = """\
{% macro some(found, word) -%}
{{ found | length or 'no' }} {{ word }}{{ '' if found | length == 1 else 's' }}
{%- endmacro %}
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{{ report.title }}: {{ report.verdict }}</title>
<style>"""

_BODY = """</style>
</head>
<body>
<main>
<header>
<h1>{{ report.title }}</h1>
<p class="meta">{{ report.playbook }} &middot; {{ some(report.clusters, 'cluster') }} &middot;
{{ some(report.checks, 'check') }} &middot; <time datetime="{{ report.finished }}">{{ finished }}</time></p>
</header>
<p class="verdict {{ mood }}"><span class="mark" aria-hidden="true">{{ mark }}</span>
<span>{{ report.verdict }}<small>Exit status {{ report.exit_status }}</small></span></p>
<ul class="tiles" aria-label="Summary">
{% for status, name, meaning in tiles if report.count(status) or status.value != 'corrected' %}
<li class="{{ status.value if report.count(status) else 'zero' }}"><b>{{ report.count(status) }}</b>
<span>{{ name }}</span><small>{{ meaning }}</small></li>
{% endfor %}
</ul>
{% for cluster in report.clusters %}
{% set records = report.of(cluster) %}
{% set checks = report.checks | selectattr('origin.cluster', 'equalto', cluster) | list %}
<section aria-labelledby="cluster-{{ loop.index }}">
<header><h2 id="cluster-{{ loop.index }}">{{ cluster }}</h2>
<p class="meta">{{ some(checks, 'check') }}, {{ some(records, 'finding') }}</p></header>
{% if records %}
<div class="scroll">
<table>
<caption>Findings in {{ cluster }}</caption>
<thead><tr><th scope="col">Object</th><th scope="col">Finding</th><th scope="col">Status</th></tr></thead>
<tbody>
{% for record in records %}
<tr><th scope="row"{% if record.id | length > 40 %} class="long"{% endif %}>{{ record.id }}
<small>{{ record.what }}</small></th>
<td>{% if shows_values(record) %}<strong>{{ record.field | replace('_', ' ') | capitalize }}</strong>
{% set words = WORDS[record.status] %}
<div class="values"><span>{{ words[0] }}</span><del>{{ text(record.before) }}</del>
<span>{{ words[1] }}</span><ins>{{ text(record.after) }}</ins></div>
{% else %}{{ record.sentence[0] | upper }}{{ record.sentence[1:] }}{% endif %}
<small>{{ record.task }} &middot; {{ record.path }}:{{ record.line }}</small></td>
<td><span class="badge {{ record.status.value }}">{{ names[record.status] }}</span></td></tr>
{% endfor %}
</tbody>
</table>
</div>
{% else %}
<p class="clean">Everything is as declared.</p>
{% endif %}
{% if checks %}
<details><summary>What was checked</summary>
<ul>
{% for check in checks %}
<li>{{ check.origin.task }} ({{ check.origin.host }}){% if check.records %}: {{ check.records }}{% endif %}</li>
{% endfor %}
</ul></details>
{% endif %}
</section>
{% endfor %}
<footer>Made by ucops.imp.drift. Values of secrets are never part of a report.</footer>
</main>
</body>
</html>
"""


def page(report: Report) -> str:
    """Return the report as a page."""
    mood = MOODS.get(report.exit_status, "bad")
    template = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True).from_string(
        _HEAD + _STYLE + _BODY
    )
    return template.render(
        report=report,
        tiles=TILES,
        names={status: name for status, name, _meaning in TILES},
        mood=mood,
        mark={"good": "\u2713", "warn": "\u2260", "bad": "!"}[mood],
        finished=report.finished.replace("T", " ").replace("+00:00", " UTC"),
        text=text,
        shows_values=_shows_values,
        WORDS=WORDS,
    )


def _shows_values(record: Record) -> bool:
    """Whether the two values say it best; of what is missing or secret a sentence does."""
    if record.status not in WORDS or record.secret:
        return False
    return record.field not in (None, EXISTS, "restart_required")
