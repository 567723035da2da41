// Captions drawn by the page above the control bar, so that the bar never covers them; language and choice are remembered.

import { announce, recall, remember, text } from "./page.js";

export class Captions {
  /** `area` shows the cues, `list` is the <select> of languages, `button` switches on and off. */
  constructor({ video, area, list, button }) {
    Object.assign(this, { video, area, list, button });
    this.tracks = [...video.textTracks].filter((track) => /captions|subtitles/.test(track.kind));
    button.hidden = this.tracks.length === 0;
    list.closest("[data-captions-row]").hidden = this.tracks.length === 0;
    for (const track of this.tracks) track.addEventListener("cuechange", () => this.#draw());
    list.addEventListener("change", () => this.choose(list.value));
    button.addEventListener("click", () => this.toggle());
    this.#show(recall("captions", "off"));
  }

  /** Shows the captions of a language, or none with "off", and remembers it. */
  choose(language) {
    if (!this.tracks.length) return;
    remember("captions", language);
    if (language !== "off") remember("captions-language", language);
    this.#show(language);
    const track = this.current;
    announce(track ? text("captions_on", { language: track.label }) : text("captions_off"));
  }

  /** Switches between off and the language used last, or the page's, or the first. */
  toggle() {
    if (this.current) return this.choose("off");
    const wanted = [recall("captions-language"), document.documentElement.lang];
    const found = wanted.map((language) => this.#track(language)).find(Boolean) ?? this.tracks[0];
    return found && this.choose(found.language);
  }

  #track(language) {
    return this.tracks.find((track) => track.language === language) ?? null;
  }

  #show(language) {
    this.current = this.#track(language);
    for (const track of this.tracks) track.mode = track === this.current ? "hidden" : "disabled";
    this.list.value = this.current?.language ?? "off";
    this.button.setAttribute("aria-pressed", String(Boolean(this.current)));
    this.#draw();
  }

  #draw() {
    const cues = [...(this.current?.activeCues ?? [])];
    const lines = cues.map((cue) => {
      const line = document.createElement("p");
      line.append(cue.getCueAsHTML());
      return line;
    });
    this.area.replaceChildren(...lines);
  }
}
