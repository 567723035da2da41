// The one notice over the video: resumed here, continue there, signed out. Newer ones replace older ones, but nothing
// replaces the notice that the video cannot be loaded.

import { clock } from "./clock.js";
import { text } from "./page.js";

const STAYS = 6_000;

export class Notice {
  constructor(element) {
    this.element = element;
    this.sentence = element.querySelector("[data-sentence]");
    this.action = element.querySelector("[data-action]");
    element.querySelector("[data-dismiss]").addEventListener("click", () => this.hide());
    this.action.addEventListener("click", () => {
      this.hide();
      this.act?.();
    });
  }

  /** Shows a text by its key; with `label` and `act` also a button. The kind tells callers what is shown. */
  show(key, values = {}, { label = null, act = null, kind = key } = {}) {
    if (this.kind === "load" && kind !== "load") return;
    const sentence = text(key, values);
    if (this.sentence.textContent !== sentence) this.sentence.textContent = sentence;
    this.action.hidden = !label;
    if (label) this.action.textContent = label;
    Object.assign(this, { act, kind });
    clearTimeout(this.timer);
    this.element.hidden = false;
  }

  /** Shows that the video goes on where it was left, with a way back to the start. */
  showResumed(position, startOver) {
    this.show("resumed_at", { time: clock(position) }, { label: text("start_over"), act: startOver, kind: "resumed" });
  }

  /** Hides the notice after some seconds of playing. */
  hideSoon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.hide(), STAYS);
  }

  hide() {
    this.element.hidden = true;
    this.kind = null;
  }
}
