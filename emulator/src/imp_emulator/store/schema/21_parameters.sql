-- Copyright (c) 2026 ucops contributors
-- GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
-- SPDX-License-Identifier: GPL-3.0-or-later

-- Service and enterprise parameters. node is EnterpriseWideData for those that hold for the whole cluster. pkid is a
-- UUID in lower case without braces. Types, ranges and defaults are in the emulator's own table of parameters.
CREATE TABLE IF NOT EXISTS parameter (
    id      INTEGER PRIMARY KEY,
    cluster TEXT NOT NULL COLLATE NOCASE REFERENCES cluster (name),
    pkid    TEXT NOT NULL,
    node    TEXT NOT NULL COLLATE NOCASE,
    service TEXT NOT NULL COLLATE NOCASE,
    name    TEXT NOT NULL COLLATE NOCASE,
    value   TEXT NOT NULL,
    UNIQUE (cluster, node, service, name),
    UNIQUE (cluster, pkid)
);
