# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``docs/support-matrix.md`` and what README and Getting started tell to install: as code and metadata have it."""

from __future__ import annotations

import re
from typing import Any

import tomllib
import yaml
from ansible_collections.ucops.imp.plugins.module_utils._product import office_365, releases

from imp_emulator.scenario.file import RELEASES
from tests.support.environments import CORES
from tests.support.plugin_files import MODULES, kind_of, module_text
from tests.support.project_files import ROOT


def content(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


PAGE = content("docs/support-matrix.md")
WORDS = " ".join(PAGE.split())
README = " ".join(content("README.md").split())
META: dict[str, Any] = yaml.safe_load(content("meta/runtime.yml"))
PYPROJECT = tomllib.loads(content("emulator/pyproject.toml"))


def cells(column: int, pattern: str) -> list[str]:
    """Return the cells of a column in those rows of the page whose first cell fits."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line.startswith("|")]
    return [row[column] for row in rows if re.search(pattern, row[0])]


def test_ansible_core_and_python_are_those_of_the_matrix_of_tests() -> None:
    cores = r"^\d\.\d\d$"
    assert list(zip(cells(0, cores), cells(1, cores), strict=True)) == list(CORES)


def test_the_oldest_ansible_core_and_python_are_said_the_same_everywhere() -> None:
    core, python = CORES[0]
    assert META["requires_ansible"] == f">={core}.0"
    assert f"oldest ansible-core is {core}, the oldest Python {python}" in WORDS
    assert f"ansible-core {core} or newer, Python {python} or newer" in README
    assert f"'ansible-core>={core}'" in content("docs/getting-started.md")
    assert f"Python {python} or newer" in content("plugins/doc_fragments/connection.py")


def test_the_python_packages_are_those_that_are_told_to_install() -> None:
    oldest = dict(zip(cells(0, "^`requests`|^`cryptography`"), cells(1, "^`requests`|^`cryptography`"), strict=True))
    for name, version in oldest.items():
        for page in ("README.md", "docs/getting-started.md"):
            assert f"'{name.strip('`')}>={version}'" in content(page), page
    assert f"C(requests), {oldest['`requests`']} or newer" in content("plugins/doc_fragments/connection.py")


def test_the_modules_that_want_cryptography_are_about_certificates_or_look_at_servers() -> None:
    wanting = {
        module
        for module in MODULES
        if any("cryptography" in one for one in module_text(module, "DOCUMENTATION").get("requirements", []))
    }
    # Those of Exchange have it from the fragment of their connection.
    exchange = {name for name in MODULES if kind_of(name) == "exchange"}
    about_certificates = {name for name in MODULES if re.search("certificate|adcs_ca", name)}
    assert wanting | exchange == {"preflight_info", "twin_info"} | about_certificates | exchange


def test_the_releases_of_the_products_are_those_of_the_code() -> None:
    assert set(cells(1, "^users|^parameters|^services|^high")) == {releases.written(releases.AXL.oldest)}
    assert cells(2, "^trust certificates") == [f"**{releases.written(releases.CERTIFICATE_MANAGEMENT.oldest)}**"]
    assert set(cells(2, "^users|^parameters|^services")) == {releases.written(releases.IM_AND_PRESENCE.oldest)}
    assert f"newest release that is known is {releases.written(releases.NEWEST_KNOWN)}" in WORDS
    assert set(cells(1, "^gateways of Office")) == {releases.written_update(office_365.OFFERED_FROM)}
    assert f"from {releases.written_update(office_365.URLS_FROM)} on" in WORDS
    assert f"From {releases.written_update(office_365.GRAPH_FROM)} on" in WORDS


def test_the_emulators_python_and_releases() -> None:
    oldest = PYPROJECT["project"]["requires-python"].removeprefix(">=")
    assert f"## The emulator Python {oldest} or newer" in WORDS
    assert f"The emulator needs Python {oldest}" in README
    assert f"release {', '.join(RELEASES[:-1])} and {RELEASES[-1]}" in WORDS


def test_getting_started_pins_the_release_that_this_is() -> None:
    version = yaml.safe_load(content("galaxy.yml"))["version"]
    page = content("docs/getting-started.md")
    assert f"    version: {version}\n" in page
    assert f"ucops-imp-{version}.tar.gz" in page
