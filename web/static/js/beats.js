// Sends beats: over the WebSocket while it is open, else over HTTP, and as a beacon when the page goes away.
// A record leaves the store only by an acknowledgement, or when the server says that it can never be accepted.

import { ApiError, post } from "./api.js";

const BEATS = "/api/v1/beats";
const RETRY = 5_000;
const REFUSED = new Set([400, 404, 409, 410, 413, 422]);

export class BeatSender {
  #busy = false;
  #again = false;
  #timer = null;

  /**
   * `onProgress(sid, progress)` hears each acknowledgement, `onRefused(sid, record)` a session that the server will not take.
   * `cable` may be null: then everything goes over HTTP.
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
    const beats = this.store.due().map((sid) => this.store.beat(sid));
    if (!beats.length || !navigator.sendBeacon) return;
    const body = JSON.stringify({ beats: beats.slice(-20) });
    navigator.sendBeacon(BEATS, new Blob([body], { type: "application/json" }));
  }

  async #sendDue() {
    for (const sid of this.store.due().filter((one) => !this.foreign.has(one))) {
      const beat = this.store.beat(sid);
      const progress = await this.#send(beat);
      if (progress === undefined) continue;
      this.store.acknowledge(beat);
      this.onProgress(sid, progress);
    }
  }

  async #send(beat) {
    try {
      if (this.cable?.isOpen) return (await this.cable.request({ beat })).progress;
    } catch (error) {
      console.debug("Studium: the beat goes over HTTP", error.code);
    }
    try {
      const [answer] = await post(BEATS, { beats: [beat] }, { keepalive: true });
      return answer.progress;
    } catch (error) {
      if (error instanceof ApiError && error.status === 403) return this.#leaveAlone(beat.sid);
      if (!(error instanceof ApiError) || !REFUSED.has(error.status)) throw error;
      console.warn("Studium: the server refuses a beat", beat.sid, error.status, error.message);
      this.onRefused(beat.sid, this.store.drop(beat.sid));
      return undefined;
    }
  }

  // Somebody else is signed in by now: the record waits for its own user.
  #leaveAlone(sid) {
    this.foreign.add(sid);
    return undefined;
  }

  #retryLater(error) {
    console.debug("Studium: beats wait for the connection", error.message);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.flush(), RETRY * (0.8 + Math.random() * 0.4));
  }
}
