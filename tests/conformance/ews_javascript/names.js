// Copyright (c) 2026 ucops contributors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Lets node find servers under their real names, as a company's DNS would; loaded before everything else. The table is
// in the environment variable HOSTS_OF_THE_TEST: {"mail1.example.com": "127.0.0.1"}.
"use strict";

const dns = require("dns");

const hosts = JSON.parse(process.env.HOSTS_OF_THE_TEST || "{}");
const lookup = dns.lookup;

dns.lookup = (host, ...rest) => lookup(hosts[host] || host, ...rest);
