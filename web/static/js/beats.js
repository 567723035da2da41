// Sends beats: over the WebSocket while it is open, else over HTTP, and as a beacon when the page goes away.
// Seconds leave the store only when the server has counted them, or when it says itself that it can never take them.

import { ApiError, post } from "./api.js";
import { BeatStore } from "./beat-store.js";

const BEATS = "/api/v1/beats";
const RETRY = 5_000;
const TOO_MANY = "too-many";
const TOO_MANY_PAUSE = 30_000;
const REFUSED = new Set([400, 404, 409, 410, 413, 422]);
const BEACON_MOST = 20;
const BEACON_CHARACTERS = 60_000; // browsers take 64 KiB

export class BeatSender {
  #busy = false;
  #again = false;
  #timer = null;
  #waiting = new Map();

  /**
   * `onProgress(sid, progress)` hears each acknowledgement, `onRefused(sid)` a session that the server will not take, after
   * the store has put its seconds aside. `cable` may be null: then everything goes over HTTP.
   */
  constructor({ store, cable, onProgress = () => {}, onRefused = () => {} }) {
    Object.assign(this, { store, cable, onProgress, onRefused, foreign: new Set() });
    cable?.addEventListener("open", () => this.flush());
    addEventListener("online", () => this.flush());
  }

  /** Sends all that is due, one beat after the other; a call during a flush makes it go round once more. */
  async flush() {
    this.#again = true;
    if (this.#busy) return;
    this.#busy = true;
    try {
      while (this.#again) {
        this.#again = false;
        await this.#sendDue();
      }
    } catch (error) {
      this.#retryLater(error);
    } finally {
      this.#busy = false;
    }
  }

  /** Hands everything to the browser as the page goes away. There is no answer, so all stays stored until one comes. */
  beacon() {
    if (!navigator.sendBeacon) return;
    const beats = fitting(this.#due().slice(0, BEACON_MOST).map((sid) => this.store.beat(sid)));
    if (!beats.length) return;
    navigator.sendBeacon(BEATS, new Blob([JSON.stringify({ beats })], { type: "application/json" }));
  }

  #due() {
    return this.store.due().filter((sid) => !this.foreign.has(sid) && !(this.#waiting.get(sid) > Date.now()));
  }

  async #sendDue() {
    for (const sid of this.#due()) {
      const beat = this.store.beat(sid);
      const progress = await this.#send(beat);
      if (!progress) continue;
      this.store.acknowledge(beat, progress.missing);
      this.#again ||= BeatStore.isFull(beat);
      this.onProgress(sid, progress);
    }
  }

  /** Returns the progress that the server answers, or null when it took nothing and said why. Throws when it cannot be reached. */
  async #send(beat) {
    try {
      if (this.cable?.isOpen) return (await this.cable.request({ beat })).progress;
    } catch (error) {
      if (error.code === TOO_MANY) return this.#forget(beat, error);
      console.debug("Studium: the beat goes over HTTP", error.code);
    }
    try {
      const [answer] = await post(BEATS, { beats: [beat] }, { keepalive: true });
      return answer.progress;
    } catch (error) {
      if (!(error instanceof ApiError && error.isOurs)) throw error;
      return this.#refused(beat, error);
    }
  }

  #refused(beat, error) {
    if (error.status === 429 && error.problem.code === TOO_MANY) return this.#wait(beat.sid, error.retryAfter ?? TOO_MANY_PAUSE);
    if (error.status === 403) return this.#leaveAlone(beat.sid);
    if (!REFUSED.has(error.status)) throw error;
    if (isAboutContent(error)) return this.#forget(beat, error);
    console.warn("Studium: the server refuses a watch session", beat.sid, error.status, error.message);
    this.store.release(beat.sid);
    this.onRefused(beat.sid);
    return null;
  }

  #forget(beat, error) {
    console.warn("Studium: the server can never take a beat; it is dropped", beat.sid, error.message);
    this.store.acknowledge(beat);
    return null;
  }

  #wait(sid, pause) {
    this.#waiting.set(sid, Date.now() + pause);
    setTimeout(() => this.flush(), pause);
    return null;
  }

  // Somebody else is signed in by now: the record waits for its own user.
  #leaveAlone(sid) {
    this.foreign.add(sid);
    return null;
  }

  #retryLater(error) {
    console.debug("Studium: beats wait for the connection", error.message);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.flush(), RETRY * (0.8 + Math.random() * 0.4));
  }
}

// The server names the wrong fields: another session cures a wrong sid, and nothing cures the rest.
function isAboutContent({ status, problem }) {
  return status === 422 && problem.errors?.length > 0 && problem.errors.every(({ field }) => !/\bsid$/.test(field));
}

function fitting(beats) {
  let size = 0;
  return beats.filter((beat) => (size += JSON.stringify(beat).length) < BEACON_CHARACTERS);
}
