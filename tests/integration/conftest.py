# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two clusters that are what is declared, for the tests of playbooks and of pages that begin there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.drift_site import Site, configured_site


@pytest.fixture(scope="session")
def two_clusters(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The clusters, configured once and in whatever state the last test left them."""
    with configured_site(tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture
def site(two_clusters: Site) -> Site:
    """The clusters as ``site.yml`` has left them."""
    two_clusters.reset()
    return two_clusters
