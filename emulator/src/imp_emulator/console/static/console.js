// Copyright (c) 2026 ucops contributors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
"use strict";

// What the reader has opened or types stays as it is when the page is made anew around it; what a button says does not.
Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, node) =>
  !(name === "open" && node.tagName === "DETAILS") && !(name === "value" && node === document.activeElement);

// A browser keeps few connections to one server. So a page that nobody sees gives its stream back; when it is seen again,
// the stream tells what was new meanwhile.
class Stream extends EventTarget {
  #source = null;

  constructor(url) {
    super();
    this.url = url;
    document.addEventListener("visibilitychange", () => this.#turn());
    this.#turn();
  }

  #turn() {
    if (document.hidden) {
      this.close();
    } else if (this.#source === null) {
      this.#source = new EventSource(this.url);
      for (const name of ["changed", "clock"]) {
        this.#source.addEventListener(name, (event) => this.dispatchEvent(new MessageEvent(name, { data: event.data })));
      }
    }
  }

  close() {
    this.#source?.close();
    this.#source = null;
  }
}
htmx.createEventSource = (url) => new Stream(url);
