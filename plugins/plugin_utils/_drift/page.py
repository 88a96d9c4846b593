# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""The drift report as one HTML page that needs nothing else: no script, no font, no picture from anywhere.

Pure: from the report to text. Everything that comes from a cluster is escaped by the template engine.
"""

from __future__ import annotations

from ansible_collections.ucops.imp.plugins.module_utils._core.words import NAMED, counted, named, text
from ansible_collections.ucops.imp.plugins.plugin_utils._drift.findings import counts, groups_of
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
SHOWN = 25
"""So many findings of a group are shown at once; the others unfold."""
MOODS = {0: "good", 3: "warn"}
"""Every other exit status is bad."""

_STYLE = """
:root{color-scheme:light dark;--bg:#f6f7f9;--card:#fff;--ink:#1b2430;--soft:#5b6675;--line:#e1e5ea;
--good:#14703f;--good-bg:#e4f5eb;--warn:#96590a;--warn-bg:#fdf1dc;--bad:#b3261e;--bad-bg:#fce8e6;
--info:#2a5db0;--info-bg:#e6eefb;--note:#5b6675;--note-bg:#eceff3;--was:#fbe9e7;--is:#e5f5ea;--head:#f2f4f7}
@media(prefers-color-scheme:dark){:root{--bg:#12161c;--card:#1b2129;--ink:#e7ebf0;--soft:#9aa6b5;--line:#303844;
--good:#6fd39b;--good-bg:#16321f;--warn:#f2b866;--warn-bg:#3a2a10;--bad:#ff8f86;--bad-bg:#40201d;
--info:#8fb6ff;--info-bg:#1d2d4a;--note:#a9b3c0;--note-bg:#2a313b;--was:#3d2422;--is:#1b3525;--head:#222a34}}
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
h3{display:flex;flex-wrap:wrap;gap:.25rem .75rem;align-items:center;font-size:1rem;margin:0;padding:.8rem 1.25rem;
border-top:1px solid var(--line);background:var(--head)}
h3 span:first-child::first-letter{text-transform:uppercase}
nav ul{margin:0 0 2rem;padding:0;list-style:none;columns:22rem auto;column-gap:2rem}
nav li{break-inside:avoid;padding:.2rem 0}
nav small{color:var(--soft)}
a{color:var(--info)}
.clean{padding:0 1.25rem 1.1rem;margin:0;color:var(--good);font-weight:600}
table{border-collapse:collapse;width:100%;font-size:.93rem}
thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
th,td{padding:.7rem 1.25rem;text-align:left;vertical-align:top;border-top:1px solid var(--line)}
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
td details{padding:.3rem 0 0;border:0}
td details p{margin:.3rem 0 0;max-height:20rem;overflow:auto}
.more{padding:0;color:inherit;font-size:inherit}.more>summary{padding:.7rem 1.25rem;color:var(--info);font-size:.93rem}
footer{color:var(--soft);font-size:.85rem}
@media(max-width:30rem){main{padding:1.25rem .75rem 2rem}
.tiles{grid-template-columns:1fr 1fr}.tiles li{padding:.6rem .7rem}
.verdict,section>header{padding-left:1rem;padding-right:1rem}}
@media screen and (max-width:44rem){tr{display:block;padding:.7rem 0;border-top:1px solid var(--line)}
tbody th,td{display:block;border:0;padding:.15rem 1.25rem}}
@media print{:root{color-scheme:light;--bg:#fff;--card:#fff;--ink:#000;--soft:#444;--line:#ccc;
--good:#14703f;--good-bg:#e4f5eb;--warn:#96590a;--warn-bg:#fdf1dc;--bad:#b3261e;--bad-bg:#fce8e6;
--info:#2a5db0;--info-bg:#e6eefb;--note:#5b6675;--note-bg:#eceff3;--was:#fbe9e7;--is:#e5f5ea;--head:#f2f4f7}
body{font-size:10pt;print-color-adjust:exact;-webkit-print-color-adjust:exact}
main{max-width:none;padding:0}
.verdict{margin:.8rem 0;padding:.6rem .9rem}
.tiles{grid-template-columns:repeat(auto-fit,minmax(7rem,1fr));gap:.4rem;margin-bottom:1rem}
.tiles li{padding:.4rem .6rem}.tiles b{font-size:1.3rem}
section{overflow:visible;margin-bottom:1rem}td details p{max-height:none;overflow:visible}
tr,.tiles li,.verdict{break-inside:avoid}section>header,h3{break-after:avoid}
tbody tr:first-child{break-before:avoid}
section>header{padding:.6rem .9rem}th,td,h3{padding:.35rem .9rem}details:not([open],.more){display:none}}
"""

_HEAD = """\
{% macro checked(checks) %}
{% if checks %}
<details><summary>What was checked</summary>
<ul>
{% for check in checks %}
<li>{{ check.origin.task }} ({{ check.origin.host }}){% if check.records %}: {{ check.records }}{% endif %}</li>
{% endfor %}
</ul></details>
{% endif %}
{% endmacro %}
{% macro says(found) %}
{% if found.first | select('shows_values') | list %}
{% for record in found.first %}
{% set words = WORDS[record.status] %}
<strong>{{ record.field }}</strong>
<div class="values"><span>{{ words[0] }}</span><del>{{ text(record.before) }}</del>
<span>{{ words[1] }}</span><ins>{{ text(record.after) }}</ins></div>
{% endfor %}
{% else %}
{{ found.sentence if found.sentence == found.first[0].message else found.sentence[:1] | upper ~ found.sentence[1:] }}
{% endif %}
{% endmacro %}
{% macro table(findings, label) %}
<table aria-labelledby="{{ label }}">
<thead><tr><th scope="col">Object</th><th scope="col">Finding</th></tr></thead>
<tbody>
{% for found in findings %}
{% set names = found.names %}
<tr><th scope="row"{% if names[0] | length > 40 %} class="long"{% endif %}>{{ named(names) }}</th>
<td>{{ says(found) }}
{% set first = found.first[0] %}
<small>{{ first.task }} &middot; {{ first.path }}:{{ first.line }}{{ found.elsewhere }}</small>
{% if names | length > NAMED + 1 %}
<details class="all"><summary>All {{ '{:,}'.format(names | length) }}</summary><p>{{ names | join(', ') }}</p></details>
{% endif %}
</td></tr>
{% endfor %}
</tbody>
</table>
{% endmacro %}
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
<p class="meta">{{ report.playbook }} &middot; {{ counted(report.clusters | length, 'cluster') }} &middot;
{{ counted(report.checks | length, 'check') }} &middot; <time datetime="{{ report.finished }}">{{ finished }}</time></p>
</header>
<p class="verdict {{ mood }}"><span class="mark" aria-hidden="true">{{ mark }}</span>
<span>{{ report.verdict }}<small>Exit status {{ report.exit_status }}</small></span></p>
<ul class="tiles" aria-label="Summary">
{% for status, name, meaning in TILES if numbers.get(status) or status.value != 'corrected' %}
<li class="{{ status.value if numbers.get(status) else 'zero' }}"><b>{{ '{:,}'.format(numbers.get(status, 0)) }}</b>
<span>{{ name }}</span><small>{{ meaning }}</small></li>
{% endfor %}
</ul>
{% if full | length > 1 %}
<nav aria-label="Clusters"><ul>
{% for name, groups, checks in full %}
<li><a href="#cluster-{{ loop.index }}">{{ name }}</a>
<small>{{ groups | map(attribute='heading') | join(', ') }}</small></li>
{% endfor %}
</ul></nav>
{% endif %}
{% for name, groups, checks in full %}
{% set cluster = loop.index %}
<section aria-labelledby="cluster-{{ cluster }}">
<header><h2 id="cluster-{{ cluster }}">{{ name }}</h2>
<p class="meta">{{ counted(checks | length, 'check') }}, {{ counted(groups | sum('number'), 'finding') }}</p></header>
{% for group in groups %}
{% set label = 'group-%s-%s' % (cluster, loop.index) %}
<div class="group">
<h3><span id="{{ label }}">{{ group.counted }}</span>
<span class="badge {{ group.status.value }}">{{ NAMES[group.status] }}</span></h3>
{{ table(group.findings[:SHOWN], label) }}
{% if group.findings | length > SHOWN %}
<details class="more"><summary>{{ '{:,}'.format(group.findings | length - SHOWN) }} more</summary>
{{ table(group.findings[SHOWN:], label) }}
</details>
{% endif %}
</div>
{% endfor %}
{{ checked(checks) }}
</section>
{% endfor %}
{% if clean %}
<section aria-labelledby="clean">
<header><h2 id="clean">{{ clean | map('first') | join(', ') }}</h2>
<p class="meta">{{ counted(clean | map('last') | map('length') | sum, 'check') }}, no finding</p></header>
<p class="clean">Everything is as declared.</p>
{{ checked(clean | map('last') | sum(start=[])) }}
</section>
{% endif %}
<footer>Made by ucops.imp.drift. Values of secrets are never part of a report.</footer>
</main>
</body>
</html>
"""


def page(report: Report) -> str:
    """Return the report as a page."""
    mood = MOODS.get(report.exit_status, "bad")
    clusters = [
        (name, groups_of(report.of(name)), [check for check in report.checks if check.origin.cluster == name])
        for name in report.clusters
    ]
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.tests["shows_values"] = _shows_values
    return environment.from_string(_HEAD + _STYLE + _BODY).render(
        report=report,
        full=[cluster for cluster in clusters if cluster[1]],
        clean=[cluster for cluster in clusters if not cluster[1]],
        numbers=counts(report.records),
        mood=mood,
        mark={"good": "\u2713", "warn": "\u2260", "bad": "!"}[mood],
        finished=report.finished.replace("T", " ").replace("+00:00", " UTC"),
        NAMES={status: name for status, name, _meaning in TILES},
        text=text,
        named=named,
        counted=counted,
        TILES=TILES,
        WORDS=WORDS,
        NAMED=NAMED,
        SHOWN=SHOWN,
    )


def _shows_values(record: Record) -> bool:
    """Whether the two values say it best; of what is missing or secret a sentence does."""
    if record.status not in WORDS or record.secret:
        return False
    return record.field not in (None, EXISTS, "restart_required")
