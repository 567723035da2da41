// <studium-player>: turns the server's <video controls> into the course player. Without JavaScript, or when
// anything here fails to load, the browser's own player stays.

import { Captions } from "./player-captions.js";
import { parseMoment } from "./clock.js";
import { cable } from "./connection.js";
import { Controls } from "./player-controls.js";
import { Handoff } from "./handoff.js";
import { handleKey } from "./player-keys.js";
import { Notice } from "./player-notice.js";
import { pageValue } from "./page.js";
import { recoverLoading } from "./player-recovery.js";
import { Timeline } from "./player-timeline.js";
import { WatchSession } from "./watch-session.js";

const BEAT_EVERY = 5_000;
const IDLE_AFTER = 2_800;

export class StudiumPlayer extends HTMLElement {
  connectedCallback() {
    if (this.video) return;
    this.video = this.querySelector("video");
    this.duration = Number(this.dataset.duration) || 0;
    this.chapters = JSON.parse(this.dataset.chapters ?? "[]");
    this.append(this.querySelector("template").content.cloneNode(true));
    this.video.controls = false;
    this.video.tabIndex = -1;
    this.#assemble();
    this.#listen();
    this.#openSession();
    this.#showTime();
    this.toggleAttribute("data-ready", true);
  }

  /** The tracker of the present watch session; null for anonymous visitors, whose progress nobody keeps. */
  get tracker() {
    return this.session?.tracker ?? null;
  }

  /** Whether the video is playing now. */
  get isPlaying() {
    return !this.video.paused && !this.video.ended;
  }

  /** The place in milliseconds. */
  get position() {
    return this.video.currentTime * 1000;
  }

  /** Plays or pauses. */
  toggle() {
    if (this.isPlaying) this.video.pause();
    else this.play();
  }

  /** Plays; the browser may refuse before the first gesture, then the paused state simply stays. */
  play() {
    this.video.play().catch((error) => console.debug("Studium: the browser does not play yet", error.name));
  }

  /** Goes to a place in milliseconds. What was watched up to now is counted first. */
  seek(milliseconds) {
    this.#sample();
    const end = Number.isFinite(this.video.duration) ? this.video.duration : this.duration / 1000;
    this.video.currentTime = Math.min(end, Math.max(0, milliseconds / 1000));
    this.moved = true;
    this.#showTime();
  }

  /** Goes forward or back by milliseconds. */
  seekBy(milliseconds) {
    this.seek(this.position + milliseconds);
  }

  /** The chapter at a place, or undefined. */
  chapterAt(milliseconds) {
    return this.chapters.findLast((chapter) => chapter.at <= milliseconds);
  }

  /** Shows the controls, and hides them again when the video plays and nobody moves. */
  wake() {
    this.removeAttribute("data-idle");
    clearTimeout(this.idleTimer);
    this.idleTimer = setTimeout(() => this.toggleAttribute("data-idle", this.isPlaying), IDLE_AFTER);
  }

  /** Draws the watched parts, of this page's knowledge. */
  showWatched() {
    if (!this.session) return;
    this.timeline.showWatched(this.session.covered);
    this.dispatchEvent(new CustomEvent("watched", { detail: { covered: this.session.covered } }));
  }

  /** Stops for good, as the lesson is no longer open: what was watched is counted and sent, and the video let go. */
  close() {
    this.#sample();
    this.video.pause();
    this.#sample();
    this.closed = true;
    clearInterval(this.beatTimer);
    if (this.started) this.session?.report();
    if (document.fullscreenElement) document.exitFullscreen();
    if (document.pictureInPictureElement) document.exitPictureInPicture();
    for (const part of this.video.querySelectorAll("source, track")) part.remove();
    for (const name of ["src", "poster"]) this.video.removeAttribute(name);
    this.video.load();
  }

  #assemble() {
    const find = (name) => this.querySelector(`[data-${name}]`);
    this.controls = new Controls(this, find("controls"));
    this.timeline = new Timeline(this, find("timeline"));
    this.captions = new Captions({
      video: this.video,
      area: find("captions-area"),
      list: find("captions-list"),
      button: find("captions-button"),
    });
    this.notice = new Notice(find("notice"));
    recoverLoading(this);
  }

  #listen() {
    this.addEventListener("keydown", (event) => handleKey(this, event));
    this.addEventListener("pointermove", () => this.wake());
    this.addEventListener("focusin", () => this.wake());
    this.video.addEventListener("click", (event) => this.#clicked(event));
    this.video.addEventListener("dblclick", () => this.controls.toggleFullscreen());
    for (const name of ["play", "playing", "pause", "ended", "seeking", "seeked", "timeupdate", "ratechange", "waiting"]) {
      this.video.addEventListener(name, () => this.#changed(name));
    }
    this.video.addEventListener("loadedmetadata", () => this.#measured());
    document.addEventListener("visibilitychange", () => this.#visibility());
    addEventListener("pagehide", () => this.#leave());
  }

  #clicked(event) {
    this.focus({ preventScroll: true });
    const touched = event.pointerType === "touch";
    if (touched && this.isPlaying && this.hasAttribute("data-idle")) this.wake();
    else this.toggle();
  }

  #changed(name) {
    if (this.closed) return;
    this.started ||= name === "play";
    this.#sample();
    this.#showTime();
    this.toggleAttribute("data-waiting", name === "waiting");
    this.toggleAttribute("data-playing", this.isPlaying);
    if (name === "timeupdate") return;
    this.controls.showState(this.isPlaying);
    if (name === "play") this.#played();
    if (name === "pause" || name === "ended") this.#stopped();
    if (["seeked", "ratechange"].includes(name) && this.started) this.#report();
  }

  #played() {
    this.wake();
    this.notice.hideSoon();
    clearInterval(this.beatTimer);
    this.beatTimer = setInterval(() => this.#report(), BEAT_EVERY);
  }

  #stopped() {
    clearInterval(this.beatTimer);
    this.removeAttribute("data-idle");
    if (this.video.ended || !this.video.seeking) this.#report();
  }

  // Events come in pairs (pause and ended, seeking and seeked): one beat tells both.
  #report() {
    clearTimeout(this.reportTimer);
    this.reportTimer = setTimeout(() => {
      this.#sample();
      this.session?.report();
    }, 50);
  }

  #sample() {
    if (!this.session || !this.started || this.closed) return;
    const { paused, ended, seeking, playbackRate } = this.video;
    const state = ended ? "ended" : seeking ? "seeking" : paused ? "paused" : "playing";
    const hidden = document.visibilityState === "hidden";
    const sample = { media: this.position, wall: performance.now(), rate: playbackRate, playing: !paused && !ended };
    this.session.sample({ ...sample, seeking, hidden, state });
  }

  #showTime() {
    this.controls.showTime(this.position);
    this.timeline.showTime(this.position);
    this.showWatched();
    this.dispatchEvent(new CustomEvent("time", { detail: { position: this.position } }));
  }

  #measured() {
    if (!this.duration) this.duration = Math.round(this.video.duration * 1000);
    this.timeline.slider.max = String(this.duration);
    this.#showTime();
  }

  #visibility() {
    if (document.visibilityState === "hidden" && this.started) this.#leave();
  }

  // A resting player has nothing new to say: leaving it must not move the place that another device has reached.
  #leave() {
    if (!this.started) return;
    if (this.isPlaying) this.#sample();
    this.session?.leave(this.isPlaying);
  }

  #openSession() {
    const asked = parseMoment(new URLSearchParams(location.search).get("t"));
    if (asked !== null) this.#place(asked);
    const user = pageValue("user");
    if (!user) return;
    const { course, lesson } = this.dataset;
    this.session = new WatchSession({ user, course, lesson, duration: this.duration, cable });
    this.session.addEventListener("opened", ({ detail }) => this.#resume(detail, asked));
    this.session.addEventListener("progress", ({ detail }) => this.#heard(detail));
    this.session.addEventListener("refused", ({ detail }) => this.#refused(detail));
    this.handoff = new Handoff(this);
    this.session.open();
  }

  #refused(status) {
    if (status === 401) this.notice.show("signed_out");
    this.dispatchEvent(new CustomEvent("refused", { detail: status }));
  }

  #resume(session, asked) {
    this.showWatched();
    if (asked !== null || this.started || this.moved || !session.position) return;
    this.#place(session.position);
    this.notice.showResumed(session.position, () => {
      this.seek(0);
      this.play();
    });
  }

  #place(milliseconds) {
    const go = () => (this.video.currentTime = milliseconds / 1000);
    if (this.video.readyState > 0) go();
    else this.video.addEventListener("loadedmetadata", go, { once: true });
  }

  #heard(progress) {
    this.showWatched();
    const { course, lesson, lessonId } = this.dataset;
    const detail = { course, lesson, lesson_id: Number(lessonId), sid: this.session.sid, ...progress };
    document.dispatchEvent(new CustomEvent("studium:progress", { detail }));
  }
}

customElements.define("studium-player", StudiumPlayer);
