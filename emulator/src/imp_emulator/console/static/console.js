// Copyright (c) 2026 ucops contributors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
"use strict";

// What the reader has opened or types stays as it is when the page is made anew around it; what a button says does not.
Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, node) =>
  !(name === "open" && node.tagName === "DETAILS") && !(name === "value" && node === document.activeElement);

// What an action has come to stays in view until it is put away, however far down its button is.
document.addEventListener("click", (event) => event.target.closest("[data-close]")?.parentElement.remove());

// A browser keeps few connections to one server. So a page that nobody sees gives its stream back; when it is seen again,
// the stream tells what was new meanwhile. While there is none, the page says so.
const AGAIN = 1000;
const NEWS = 10000;

class Stream extends EventTarget {
  #source = null;
  #lost = false;
  #waiting = null;

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
      this.#begin();
    }
  }

  #begin() {
    const source = new EventSource(this.url);
    this.#source = source;
    for (const name of ["changed", "clock"]) {
      source.addEventListener(name, (event) => this.dispatchEvent(new MessageEvent(name, { data: event.data })));
    }
    source.addEventListener("open", () => this.#tell(false));
    source.addEventListener("error", () => {
      this.#tell(true);
      // A browser tries again by itself, unless the answer was no stream.
      if (source === this.#source && source.readyState === EventSource.CLOSED) {
        this.#source = null;
        this.#waiting = setTimeout(() => this.#look(), AGAIN);
      }
    });
  }

  async #look() {
    const answer = await fetch("/console/events", { method: "HEAD" }).catch(() => null);
    if (document.hidden || this.#source !== null) {
      return;
    }
    if (answer?.ok) {
      this.#begin();
    } else if (answer?.status === 401) {
      // Another emulator is there by now; it says what to do.
      location.reload();
    } else {
      this.#waiting = setTimeout(() => this.#look(), AGAIN);
    }
  }

  #tell(lost) {
    if (lost === this.#lost) {
      return;
    }
    this.#lost = lost;
    const notice = document.getElementById("connection");
    notice.className = lost ? "lost" : "back";
    notice.textContent = lost ? notice.dataset.lost : notice.dataset.back;
    if (!lost) {
      setTimeout(() => {
        if (!this.#lost) {
          notice.textContent = "";
        }
      }, NEWS);
    }
  }

  close() {
    clearTimeout(this.#waiting);
    this.#source?.close();
    this.#source = null;
  }
}
htmx.createEventSource = (url) => new Stream(url);
