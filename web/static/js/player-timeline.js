// The timeline: the seek slider with the watched parts drawn over it, chapter marks, and the time under the pointer.

import { clock } from "./clock.js";
import { text } from "./page.js";
import { drawIntervals } from "./watched-map.js";

export class Timeline {
  /** `element` holds [data-seek-slider], [data-watched], [data-marks] and [data-tip]. */
  constructor(player, element) {
    Object.assign(this, { player, element, second: -1 });
    this.slider = element.querySelector("[data-seek-slider]");
    this.watched = element.querySelector("[data-watched]");
    this.tip = element.querySelector("[data-tip]");
    this.slider.max = String(player.duration);
    this.slider.addEventListener("input", () => this.#drag());
    this.slider.addEventListener("change", () => this.#drop());
    element.addEventListener("pointermove", (event) => this.#point(event));
    element.addEventListener("pointerleave", () => (this.tip.hidden = true));
    this.#mark();
  }

  /** Shows the place of the video, unless the slider is being dragged. */
  showTime(milliseconds) {
    if (this.dragging) return;
    this.slider.value = String(Math.round(milliseconds));
    this.#fill(milliseconds);
    const second = Math.floor(milliseconds / 1000);
    if (second !== this.second) this.#say(milliseconds);
    this.second = second;
  }

  /** Draws the watched intervals over the bar. */
  showWatched(intervals) {
    drawIntervals(this.watched, intervals, this.player.duration);
  }

  #fill(milliseconds) {
    this.element.style.setProperty("--at", `${(100 * milliseconds) / this.player.duration}%`);
  }

  #say(milliseconds) {
    const place = text("time_of", { time: clock(milliseconds), duration: clock(this.player.duration) });
    const chapter = this.player.chapterAt(milliseconds)?.title;
    this.slider.setAttribute("aria-valuetext", chapter ? `${place}, ${chapter}` : place);
  }

  #drag() {
    this.dragging = true;
    this.#fill(Number(this.slider.value));
    this.#say(Number(this.slider.value));
  }

  #drop() {
    this.dragging = false;
    this.player.seek(Number(this.slider.value));
  }

  #mark() {
    const marks = this.element.querySelector("[data-marks]");
    const starts = this.player.chapters.filter((chapter) => chapter.at > 0);
    drawIntervals(marks, starts.map(({ at }) => [at - 1, at + 1]), this.player.duration);
  }

  #point(event) {
    const box = this.slider.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    const moment = share * this.player.duration;
    const chapter = this.player.chapterAt(moment)?.title;
    this.tip.textContent = chapter ? `${clock(moment)} · ${chapter}` : clock(moment);
    this.tip.hidden = event.pointerType === "touch" && !this.dragging;
    this.tip.style.setProperty("--x", `${share * 100}%`);
  }
}
