-- Copyright (c) 2026 ucops contributors
-- GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
-- SPDX-License-Identifier: GPL-3.0-or-later

-- The limits in which an account, or a mailbox by its address, differs from the scenario's throttling policy.
CREATE TABLE IF NOT EXISTS throttling_policy (
    account TEXT PRIMARY KEY COLLATE NOCASE,
    limits  TEXT NOT NULL CHECK (json_valid(limits))
) WITHOUT ROWID;
