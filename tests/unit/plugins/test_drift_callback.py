# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The callback never lets a run end with 0 because of an error of its own."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.ucops.imp.plugins.callback import drift as plugin
from ansible_collections.ucops.imp.plugins.plugin_utils._drift import playbook
from ansible_collections.ucops.imp.plugins.plugin_utils._drift.formats import FORMATS
from ansible_collections.ucops.imp.plugins.plugin_utils._drift.places import Place
from ansible_collections.ucops.imp.plugins.plugin_utils._drift.playbook import action_of
from ansible_collections.ucops.imp.plugins.plugin_utils._drift.playbook import shown as shown_path

from tests.support import drift
from tests.support.drift import result

try:
    from ansible.template import trust_as_template
except ImportError:  # up to core 2.18, where every text is a template
    TEMPLATE = "{{ nobody_knows }}"
else:
    TEMPLATE = trust_as_template("{{ nobody_knows }}")

HOSTS: dict[str, dict[str, str]] = {
    "imp-pub.dc1": {"ucops_imp_cluster": "dc1"},
    "imp-pub.dc2": {"ucops_imp_cluster": TEMPLATE},
    "lonely": {},
}


@pytest.fixture
def fresh(tmp_path: Path) -> Any:
    """The callback as ansible makes it, with its reports below ``tmp_path``."""
    made = plugin.CallbackModule()
    made._load_name = "ucops.imp.drift"
    made._plugin_options = {"directory": str(tmp_path / "reports"), "formats": ["json"], "title": "Drift report"}
    made.get_option = made._plugin_options.__getitem__
    return made


@pytest.fixture
def callback(fresh: Any) -> Any:
    """The callback in a play that compares something."""
    fresh._begin()
    fresh._compares = True
    return fresh


def task_result(
    host: str, found: Any, *, path: str = "/site.yml:7", action: str = "ucops.imp.presence_gateways"
) -> Any:
    """A task's result as callbacks of every core get it."""
    variables = SimpleNamespace(get_vars=lambda **_: HOSTS[host])
    task = SimpleNamespace(
        _uuid="1",
        action=action,
        resolved_action=action,
        get_path=lambda: path,
        get_name=lambda: "Configure",
        get_variable_manager=lambda: variables,
        get_loader=lambda: None,
    )
    return SimpleNamespace(
        _task=task,
        _host=SimpleNamespace(get_name=lambda: host),
        _result=found,
        _task_fields={"check_mode": True},
        task_name="Configure",
    )


def end(callback: Any, **stats: Any) -> int:
    """Return the exit status that the run ends with."""
    try:
        callback.v2_playbook_on_stats(SimpleNamespace(**{"failures": {}, "dark": {}, **stats}))
    except SystemExit as ended:
        return int(str(ended.code))
    return 0


def report(callback: Any) -> dict[str, Any]:
    return dict(json.loads((callback._folder / "drift.json").read_text()))


def test_the_cluster_is_a_variable_of_the_host_or_the_host_itself(callback: Any) -> None:
    for host in HOSTS:
        callback.v2_runner_on_ok(task_result(host, result(drift.DESCRIPTION)))

    assert end(callback) == 3
    assert [record["cluster"] for record in report(callback)["records"]] == ["dc1", "imp-pub.dc2", "lonely"]


def test_a_cluster_of_which_everything_was_skipped_is_not_clean(callback: Any) -> None:
    callback.v2_runner_on_ok(task_result("lonely", result()))
    callback.v2_runner_on_skipped(task_result("imp-pub.dc1", {}))

    assert end(callback) == 2
    assert [record["cluster"] for record in report(callback)["records"]] == ["dc1"]


def test_a_host_without_a_cluster_may_be_skipped(callback: Any) -> None:
    callback.v2_runner_on_ok(task_result("imp-pub.dc1", result()))
    callback.v2_runner_on_skipped(task_result("lonely", {}))

    assert end(callback) == 0


def test_a_result_that_is_not_understood_could_not_be_checked(callback: Any) -> None:
    callback.v2_runner_on_ok(task_result("imp-pub.dc1", result({"kind": "no id and no fields"})))

    assert end(callback) == 2
    (record,) = report(callback)["records"]
    assert (record["status"], record["cluster"]) == ("could-not-check", "dc1")
    assert "Configure is not understood" in record["message"]


class Item(SimpleNamespace):
    """A task, a block or a play of ansible, with what the callback asks of it."""

    def __getattr__(self, name: str) -> Any:
        lists = {"pre_tasks", "tasks", "post_tasks", "handlers", "rescue", "always"}
        if name in lists:
            return []
        raise AttributeError(name)


def a_task(action: str, **more: Any) -> Item:
    return Item(action=action, resolved_action=action, _uuid="1", args={}, loop=None, **more)


def a_play(*roles: str, **more: Any) -> Item:
    named = [SimpleNamespace(get_name=lambda name=role, **_: name) for role in roles]
    return Item(get_roles=lambda: named, get_path=lambda: "/site.yml:2", **more)


OURS, FOREIGN = a_task("ucops.imp.services"), a_task("ansible.builtin.command")
INCLUDE = a_task("ansible.builtin.include_role", _role_name="ucops.imp.{{ part }}")
PLAYS = {
    "a task": (a_play(tasks=[FOREIGN, OURS]), True),
    "a task in a block": (a_play(post_tasks=[Item(block=[FOREIGN], always=[Item(block=[OURS])])]), True),
    "a handler": (a_play(handlers=[Item(block=[OURS])]), True),
    "a role": (a_play("theirs.role", "ucops.imp.trust"), True),
    "an included role": (a_play(tasks=[INCLUDE]), True),
    "nothing of ours": (a_play("geerlingguy.nginx", tasks=[FOREIGN]), False),
    "only what shows": (a_play(tasks=[a_task("ucops.imp.screen"), a_task("ucops.imp.summary")]), False),
    "only what reads": (a_play("ucops.imp.export", tasks=[a_task("ucops.imp.cluster_info")]), False),
    "names that only look like ours": (a_play("imp.trust", tasks=[a_task("ucops.impostor.services")]), False),
}


@pytest.mark.parametrize(("play", "compares"), PLAYS.values(), ids=PLAYS)
def test_a_run_that_compares_nothing_makes_no_report_and_ends_as_ansible_says(
    fresh: Any, tmp_path: Path, play: Any, compares: bool
) -> None:
    fresh.v2_playbook_on_start(SimpleNamespace(_file_name="x.yml", get_plays=lambda: [play]))
    fresh.v2_playbook_on_play_start(play)
    fresh.v2_runner_on_failed(task_result("imp-pub.dc1", {"msg": "No."}, action="ansible.builtin.command"))

    assert end(fresh) == (2 if compares else 0)
    assert (tmp_path / "reports").exists() == compares


def test_a_task_of_ours_that_no_file_told_of_before_counts_too(fresh: Any) -> None:
    fresh.v2_playbook_on_start(SimpleNamespace(_file_name="x.yml", get_plays=lambda: [a_play()]))
    fresh.v2_playbook_on_play_start(a_play())
    fresh.v2_runner_on_ok(task_result("imp-pub.dc1", {}, action="ansible.builtin.include_tasks"))
    fresh.v2_playbook_on_task_start(OURS)
    fresh.v2_runner_on_ok(task_result("lonely", result()))

    assert end(fresh) == 2, "nothing was checked of the other cluster"
    assert [record["cluster"] for record in report(fresh)["records"]] == ["dc1"]


def test_a_cluster_on_which_a_play_does_something_else_need_not_be_checked(callback: Any) -> None:
    callback.v2_runner_on_ok(task_result("lonely", result()))
    callback.v2_playbook_on_play_start(a_play(tasks=[FOREIGN]))
    callback.v2_runner_on_ok(task_result("imp-pub.dc1", {}, action="ansible.builtin.command"))

    assert end(callback) == 0


def test_a_bad_option_ends_a_run_that_would_have_something_to_report(fresh: Any) -> None:
    fresh._bad_option = "The options are not right."
    ours = SimpleNamespace(_file_name="x.yml", get_plays=lambda: [a_play("ucops.imp.trust")])

    with pytest.raises(SystemExit) as ended:
        fresh.v2_playbook_on_start(ours)
    assert ended.value.code == plugin.BAD_OPTION


def test_a_bad_option_is_nothing_to_other_runs(fresh: Any) -> None:
    fresh._bad_option = "The options are not right."
    fresh.v2_playbook_on_start(SimpleNamespace(_file_name="x.yml", get_plays=lambda: [a_play()]))

    assert end(fresh) == 0


def test_every_attempt_counts(callback: Any) -> None:
    callback.v2_runner_retry(task_result("imp-pub.dc1", result(drift.DESCRIPTION)))
    callback.v2_runner_on_ok(task_result("imp-pub.dc1", result()))

    assert end(callback) == 3


@pytest.mark.parametrize(("stats", "status"), [({"failures": {"x": 1}}, 2), ({"dark": {"x": 1}}, 4)])
def test_ansibles_own_status_stays(callback: Any, stats: dict[str, Any], status: int) -> None:
    callback.v2_runner_on_ok(task_result("imp-pub.dc1", result(drift.DESCRIPTION)))

    assert end(callback, **stats) == status


@pytest.mark.parametrize("ignored", [True, False])
def test_a_failed_task_is_told_whether_ignored_or_not(callback: Any, ignored: bool) -> None:
    callback.v2_runner_on_failed(task_result("imp-pub.dc1", {"msg": "No."}), ignore_errors=ignored)

    assert end(callback) == 2
    assert report(callback)["summary"]["could-not-check"] == 1


def test_reports_that_cannot_be_written_are_no_clean_run(callback: Any, capsys: pytest.CaptureFixture[str]) -> None:
    callback.v2_runner_on_ok(task_result("imp-pub.dc1", result()))
    callback._folder.rmdir()

    assert end(callback) == 2
    assert "cannot be written" in "".join(capsys.readouterr())


def test_a_bug_in_a_report_is_no_clean_run(
    callback: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(FORMATS, "json", ("drift.json", lambda _report: 1 / 0))
    callback.v2_runner_on_ok(task_result("imp-pub.dc1", result()))

    assert end(callback) == 2
    assert "please report it" in "".join(capsys.readouterr())


def test_characters_that_no_file_holds_do_not_end_the_report(callback: Any) -> None:
    odd = drift.change("presence_gateway", "x", drift.field("description", "\ud800", "y"))
    callback.v2_runner_on_ok(task_result("imp-pub.dc1", result(odd)))

    assert end(callback) == 3
    assert report(callback)["records"][0]["before"] == "?"


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("{cwd}/playbooks/drift.yml", "playbooks/drift.yml"),
        ("/elsewhere/ansible_collections/ucops/imp/a.yml", "ansible_collections/ucops/imp/a.yml"),
        ("/elsewhere/site.yml", "/elsewhere/site.yml"),
    ],
)
def test_a_path_is_the_same_on_every_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, shown: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert shown_path(Path(path.format(cwd=tmp_path))) == shown


@pytest.mark.parametrize(
    ("path", "roles", "line"),
    [
        ("/site.yml:30", [], 30),
        # Ansible gives its own check of a role's arguments the line of the play, and so it does the block around.
        ("/site.yml:2", ["ucops.imp.users", "ucops.imp.trust"], 9),
        ("/site.yml:2", [{"role": "trust"}], 9),
        ("/site.yml:2", ["ucops.imp.users"], 2),
    ],
)
def test_a_task_without_a_line_of_its_own_is_told_where_its_role_is_named(
    monkeypatch: pytest.MonkeyPatch, path: str, roles: list[Any], line: int
) -> None:
    def origin(value: Any) -> tuple[str | None, int | None]:
        return ("/site.yml", 9) if "trust" in str(value) else (None, None)

    monkeypatch.setattr(playbook, "_origin", origin)
    role = SimpleNamespace(get_name=lambda include_role_fqcn: "ucops.imp.trust" if include_role_fqcn else "trust")
    around = SimpleNamespace(get_path=lambda: "/site.yml:2")
    task = SimpleNamespace(get_path=lambda: path, _role=role, _parent=around)
    play = SimpleNamespace(get_path=lambda: "/site.yml:2", get_ds=lambda: {"roles": roles})

    assert playbook.users_place(task, SimpleNamespace(get_name=lambda: "x"), play, None) == Place("/site.yml", line)


@pytest.mark.parametrize(
    ("written", "resolved", "name"),
    [
        # Up to ansible-core 2.18 what is resolved is the action plugin that the modules share.
        ("ucops.imp.services", "ucops.imp.calendar_users", "ucops.imp.services"),
        ("services", "ucops.imp.calendar_users", "ucops.imp.services"),
        ("ucops.imp.calendar_users", "ucops.imp.calendar_users", "ucops.imp.calendar_users"),
        ("services", "ucops.imp.services", "ucops.imp.services"),
        ("copy", "ansible.builtin.copy", "ansible.builtin.copy"),
        ("copy", None, "copy"),
    ],
)
def test_a_task_is_called_by_its_module(written: str, resolved: str | None, name: str) -> None:
    assert action_of(SimpleNamespace(action=written, resolved_action=resolved)) == name
