# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which steps are left for a console, in which order, and how they are written."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser
from string import Formatter
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible_collections.ucops.imp.plugins.filter.bat_file import bat_file
from ansible_collections.ucops.imp.plugins.filter.runbook import runbook
from ansible_collections.ucops.imp.plugins.lookup import options
from ansible_collections.ucops.imp.plugins.module_utils._formats.bat_file import KEEP
from ansible_collections.ucops.imp.plugins.plugin_utils._runbook import steps
from ansible_collections.ucops.imp.plugins.plugin_utils._runbook.pages import LANGUAGES, texts_of

ENGLISH, JAPANESE = map(texts_of, LANGUAGES)
NO_INTERFACE = {"failed": True, "code": "no-public-api", "msg": "no admin API"}
EXCHANGE = {"name": "mail1.example.com", "description": "Exchange, first site", "port": 443}
ONLINE = {
    "name": "outlook.office365.com",
    "type": "office_365",
    "client_id": "0f1e2d3c-0000-4000-8000-000000000001",
    "tenant_id": "0f1e2d3c-0000-4000-8000-000000000002",
    "client_secret": "Canary-client-secret",
    "proxy_url": "http://proxy.example.com:3128",
    "proxy_username": "proxy-user",
    "proxy_password": "Canary-proxy-password",
}
ODD = "<b>*odd*|\u202e</b> \x1b[31m{braces}"


def found(*, results: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    wanted = {
        "cluster": "hq",
        "cucm": "cucm.example.com",
        "publisher": "imp1.example.com",
        "nodes": ["imp1", "imp2"],
        "services": ["Cisco Presence Engine", "Cisco SIP Proxy"],
        "gateways": [EXCHANGE],
        "account": "EXAMPLE\\svc-imp",
        "store": "cup-trust",
    }
    return {**wanted, "results": results or {}, **more}


def names(**more: Any) -> list[str]:
    return [step["step"] for step in runbook(found(**more))]


def test_a_cluster_that_has_every_interface_leaves_nothing() -> None:
    read = {"changed": True, "changes": [{"kind": "presence_gateway"}]}
    assert names(results={"trust": {}, "presence_gateways": read}) == []
    assert "No step is left" in runbook(found(results={"presence_gateways": read}), "markdown")


def test_all_steps_in_their_order() -> None:
    waiting = {"mail1.example.com": {"current": {"state": "pending", "request_id": 7}}}
    shown = {"status": "Untrusted", "issuer": "CN=Root", "thumbprint": "AB12"}
    assert names(
        authority="ca.example.com",
        user_file="hq-users.csv",
        users=2,
        results={
            "authority": {"failed": True, "msg": "no answer"},
            "submitted": waiting,
            "certificate": {"mail1.example.com": {"current": {"certificate": shown}}},
            "trust": NO_INTERFACE,
            "presence_gateways": NO_INTERFACE,
        },
    ) == [
        steps.AUTHORITY_ROLE,
        steps.DECISION,
        steps.EXCHANGE_ROOT,
        steps.TRUST,
        steps.GATEWAYS,
        steps.BULK_JOB,
        steps.RESTART,
        steps.STATUS,
    ]


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ({"trust": NO_INTERFACE}, [steps.TRUST, steps.RESTART]),
        ({"presence_gateways": NO_INTERFACE}, [steps.GATEWAYS, steps.RESTART, steps.STATUS]),
        # Another failure is no step: whoever runs it can put it right.
        ({"presence_gateways": {"failed": True, "code": "timeout", "msg": "no answer"}}, []),
        ({"authority": {"failed": False}}, []),
        ({"submitted": {"mail1": {"current": {"state": "issued", "request_id": 7}}}}, []),
        ({"submitted": {"mail1": {"failed": True, "msg": "no answer"}}}, []),
        ({"certificate": {"mail1": {"current": {"certificate": {"status": "Valid"}}}}}, []),
        ({"certificate": {"mail1": {"current": {"certificate": None}}}}, []),
    ],
)
def test_a_step_is_left_for_one_reason(results: dict[str, Any], expected: list[str]) -> None:
    assert names(results=results, authority="ca.example.com") == expected


def test_a_bulk_job_alone_needs_no_restart() -> None:
    assert names(user_file="hq-users.csv", users=3) == [steps.BULK_JOB]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_bulk_job_is_told_which_symbol_keeps_a_value(language: str) -> None:
    """Without it the tool would write the symbol into each field that is to stay."""
    page = runbook(found(user_file="hq-users.csv", users=1), "html", language)
    (told,) = (line for line in page.splitlines() if "Value for fields to be ignored" in line)
    assert re.search(rf"(type|に) {KEEP} (into|を)", told)
    assert f",{KEEP}," in bat_file(["anna"])


def test_no_gateway_is_wanted() -> None:
    assert names(results={"presence_gateways": NO_INTERFACE}, gateways=[]) == []
    assert names(results={"presence_gateways": NO_INTERFACE}, gateways=[], purge=True) == [
        steps.GATEWAYS,
        steps.RESTART,
    ]


@pytest.mark.parametrize("form", ["markdown", "html"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_values_of_the_inventory_and_no_secret(form: str, language: str) -> None:
    page = runbook(found(results={"presence_gateways": NO_INTERFACE}, gateways=[EXCHANGE, ONLINE]), form, language)
    for told in ("mail1.example.com", "outlook.office365.com", ONLINE["tenant_id"], "proxy-user", "imp2", "443"):
        assert told in page
    assert "Canary" not in page
    assert texts_of(language)["from_vault"] in page


def test_gateways_that_are_not_wanted_are_deleted_only_where_that_is_said() -> None:
    results = {"presence_gateways": NO_INTERFACE}
    said = ENGLISH[f"{steps.GATEWAYS}.purge"]
    assert said in runbook(found(results=results, purge=True), "markdown")
    assert said not in runbook(found(results=results), "markdown")


class Markup(HTMLParser):
    """Collects the elements of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)


@pytest.mark.parametrize("language", LANGUAGES)
def test_odd_values_are_no_markup(language: str) -> None:
    odd = {"name": ODD, "description": ODD}
    given = found(
        results={"presence_gateways": NO_INTERFACE, "trust": NO_INTERFACE}, gateways=[odd], cluster=ODD, publisher=ODD
    )
    markup = Markup()
    markup.feed(runbook(given, "html", language))
    assert set(markup.tags) & {"b", "script"} == set()
    text = runbook(given, "markdown", language)
    # Within backticks nothing is markup.
    outside = re.sub(r"(`+).*?\1", "", text)
    assert not re.search(r"(?<!\\)<b>|\x1b|\u202e", outside)
    assert not re.search(r"\x1b|\u202e", text)
    rows = [line for line in text.splitlines() if line.startswith("| ") and "odd" in line]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {3}, "a value ends a cell"


def test_what_is_to_be_typed_in_can_be_copied_from_the_markdown_too() -> None:
    no = {"presence_gateways": NO_INTERFACE}
    page = runbook(found(results=no, account="EXAMPLE\\svc_imp", host="imp_1"), "markdown")
    assert "| Account Name | `EXAMPLE\\svc_imp` |" in page
    assert "presence_engine_only_if_required=no --limit imp_1` |" in page
    for value, shown in (("a|b", "`a\\|b`"), ("a`b", "`` a`b ``"), ("`", "`` ` ``")):
        gateway = {**EXCHANGE, "description": value}
        assert f"| Description | {shown} |" in runbook(found(results=no, gateways=[gateway]), "markdown")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("&lt;script&gt; A&amp;B $a$", "&lt;script&gt; A&amp;B $a$"),
        # What a person types is the very value: a blank of another kind is a part of a name or a path.
        ("山田\u3000太郎\u00a0x", "山田\u3000太郎\u00a0x"),
        ("@account", "@account"),
        ("@from_vault", "@from_vault"),
        ("one\n\ttwo\u2028three", "one two three"),
    ],
)
def test_a_value_stands_on_the_page_as_it_is(value: str, shown: str) -> None:
    gateway = {"name": "mail1.example.com", "description": value}
    given = found(results={"presence_gateways": NO_INTERFACE}, gateways=[gateway], account=value)
    lines = runbook(given, "markdown").splitlines()
    assert [line for line in lines if line.endswith(f"| `{shown}` |")] == [
        f"| Description | `{shown}` |",
        f"| Account Name | `{shown}` |",
    ]
    cells = re.findall("<td>(.*?)</td>", runbook(given, "html"))
    assert [unescape(cell) for cell in cells].count(" ".join(re.split(r"[\n\t\u2028]+", value))) == 2


def test_an_address_of_ipv6_is_a_part_of_a_link() -> None:
    failed = {"presence_gateways": NO_INTERFACE, "authority": {"failed": True, "msg": "no answer"}}
    given = found(results=failed, publisher="fd00::51", authority="fd00::53")
    for form in ("markdown", "html"):
        page = runbook(given, form).replace("\\", "")
        assert "https://[fd00::51]/cupadmin" in page
        assert "https://[fd00::53]/certsrv" in page
        assert "on fd00::53" in page


def test_a_gateway_with_an_ipv6_address_needs_one_at_each_node() -> None:
    results = {"presence_gateways": NO_INTERFACE}
    said = "needs one at Eth0 of every node"
    assert said in runbook(found(results=results, gateways=[EXCHANGE, {"name": "2001:db8::21"}]), "html")
    assert said not in runbook(found(results=results), "html")


def test_both_languages_have_the_same_texts_and_values() -> None:
    assert list(ENGLISH) == list(JAPANESE)
    for key, text in ENGLISH.items():
        values = [{name for _, name, _, _ in Formatter().parse(told) if name} for told in (text, JAPANESE[key])]
        assert values[0] == values[1], key


@pytest.mark.parametrize(
    ("given", "options", "said"),
    [
        ("text", (), "give it a dictionary with cluster"),
        ({"cluster": "hq", "nonsense": 1}, (), "give it a dictionary with cluster"),
        ({"cluster": "hq"}, ("pdf",), "form: it must be one of steps, markdown, html."),
        ({"cluster": "hq"}, ("html", "de"), "language: it must be one of en, ja."),
        ({"cluster": "hq", "user_file": "a.csv", "users": "two"}, (), "a value has another shape"),
        (found(gateways=[{}], results={"trust": NO_INTERFACE}), (), "a value has another shape"),
        (found(gateways="mail1", results={"presence_gateways": NO_INTERFACE}), ("html",), "a value has another shape"),
        ({"cluster": 7}, ("markdown",), "a value has another shape"),
        ({"cluster": "hq", "results": "trust"}, (), "a value has another shape"),
    ],
)
def test_what_cannot_be_understood_is_refused(given: Any, options: tuple[str, ...], said: str) -> None:
    with pytest.raises(AnsibleFilterError, match=re.escape(said)):
        runbook(given, *options)


@pytest.mark.parametrize("fields", ["text", ["text"], [{"name": "meeting_information"}], None])
def test_what_is_no_change_of_a_user_is_refused(fields: Any) -> None:
    with pytest.raises(AnsibleFilterError, match="bat_file: a change whose fields"):
        bat_file([{"id": "a", "fields": fields}])


@pytest.mark.parametrize(("given", "expected"), [({"ucops_imp_cluster": "hq"}, "hq"), ({}, "imp1.example.com")])
def test_the_name_of_the_files(given: dict[str, str], expected: str) -> None:
    """An inventory need not name its cluster; the steps are written at the end of a run that has changed things."""
    loader, host = DataLoader(), {"inventory_hostname": "imp1.example.com", "playbook_dir": "/none", **given}
    lookup = options.LookupModule(loader=loader, templar=Templar(loader=loader, variables=host))
    (found,) = lookup.run(["runbook"], variables=host)
    assert found["runbook_cluster"] == expected


def test_a_file_of_changes_keeps_what_does_not_change() -> None:
    def change(userid: str, **after: bool) -> dict[str, Any]:
        fields = [{"name": name, "before": not value, "after": value} for name, value in after.items()]
        return {"kind": "calendar_user", "id": userid, "action": "update", "fields": fields}

    text = bat_file(
        [change("b", meeting_information=True), change("a", im_and_presence=True, meeting_information=True)]
    )
    header, *rows = (line.split(",") for line in text.splitlines())
    columns = [header.index(name) for name in ("USER ID", "ENABLE USER FOR UNIFIED CM IM AND PRESENCE")]
    columns.append(header.index("INCLUDE MEETING INFORMATION IN PRESENCE"))
    assert [[row[column] for column in columns] for row in rows] == [["a", "t", "t"], ["b", "#", "t"]]
