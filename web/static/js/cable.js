// The page's WebSocket: subscriptions that survive reconnects, messages once and in order, requests with answers.
// Knows the frames of the cable (subscribe, message, ack, error) and nothing of lessons.

import { applyFragment } from "./fragments.js";

const LONGEST_PAUSE = 10_000;
const ANSWER_TIMEOUT = 8_000; // the server may wait 5 s for the database
const SIGNED_OUT = 4001;
const PROBE_TIMEOUT = 4_000;
const STEADY = 10_000;

export class CableError extends Error {
  constructor(code, message) {
    super(message ?? code);
    this.code = code;
  }
}

export class Cable extends EventTarget {
  #socket = null;
  #timer = null;
  #failures = 0;
  #openedAt = null;
  #requests = 0;
  #waiting = new Map();
  #last = new Map();

  /** Dispatches "open" and "close" on itself, and `studium:<type>` on the document for each data message. */
  constructor(url, { WebSocketClass = WebSocket } = {}) {
    super();
    this.url = url;
    this.WebSocketClass = WebSocketClass;
  }

  get isOpen() {
    return this.#socket?.readyState === 1;
  }

  /** Connects and keeps connected until stop(). */
  start() {
    addEventListener("online", this.#check);
    addEventListener("offline", this.#lost);
    addEventListener("pageshow", this.#restored);
    document.addEventListener("visibilitychange", this.#wake);
    this.#connect();
  }

  /** Closes for good. */
  stop() {
    removeEventListener("online", this.#check);
    removeEventListener("offline", this.#lost);
    removeEventListener("pageshow", this.#restored);
    document.removeEventListener("visibilitychange", this.#wake);
    clearTimeout(this.#timer);
    this.#drop(false);
  }

  /** Subscribes to a signed stream; messages after the id `after` are delivered, also after a reconnect. */
  subscribe(stream, after = 0) {
    this.#last.set(stream, Number(after) || 0);
    if (this.isOpen) this.#sendSubscription(stream);
  }

  /** Sends a frame and resolves with its answer. Rejects with code "offline", "timeout", or the server's. */
  request(frame, timeout = ANSWER_TIMEOUT) {
    if (!this.isOpen) return Promise.reject(new CableError("offline"));
    const id = ++this.#requests;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#giveUp(id), timeout);
      this.#waiting.set(id, { resolve, reject, timer });
      this.#socket.send(JSON.stringify({ ...frame, id }));
    });
  }

  /** Handles one text frame; public so that its rules can be tested without a server. */
  receive(raw) {
    const frame = JSON.parse(raw);
    if ("ack" in frame) this.#settle(frame.ack, (waiting) => waiting.resolve(frame));
    else if (frame.error) this.#refuse(frame);
    else if (frame.stream) this.#deliver(frame);
    else if (frame.subscribed) this.dispatchEvent(new CustomEvent("subscribed", { detail: frame }));
  }

  #connect = () => {
    clearTimeout(this.#timer);
    if (this.#socket) return;
    const socket = new this.WebSocketClass(this.url);
    this.#socket = socket;
    socket.onopen = () => this.#opened();
    socket.onmessage = (event) => socket === this.#socket && this.receive(event.data);
    socket.onclose = (event) => socket === this.#socket && this.#closed(event);
  };

  // Signed out, here or elsewhere: the same session will not be let in again.
  #closed(event) {
    this.#drop(event?.code !== SIGNED_OUT);
    if (event?.code === SIGNED_OUT) this.dispatchEvent(new Event("signedout"));
  }

  #opened() {
    this.#openedAt = performance.now();
    for (const stream of this.#last.keys()) this.#sendSubscription(stream);
    this.dispatchEvent(new Event("open"));
  }

  #sendSubscription(stream) {
    this.#socket.send(JSON.stringify({ subscribe: stream, after: this.#last.get(stream) }));
  }

  #drop(again) {
    const socket = this.#socket;
    this.#socket = null;
    this.#judge();
    if (socket) {
      socket.onclose = null;
      socket.close();
    }
    for (const id of [...this.#waiting.keys()]) {
      this.#settle(id, (waiting) => waiting.reject(new CableError("offline")));
    }
    if (!again) return;
    this.dispatchEvent(new Event("close"));
    this.#timer = setTimeout(this.#connect, this.#pause());
  }

  // Only a socket that stayed open shows that all is well: one that is closed right after it opened was not wanted.
  #judge() {
    if (this.#openedAt !== null && performance.now() - this.#openedAt >= STEADY) this.#failures = 0;
    this.#openedAt = null;
  }

  // The first retry is quick, as most losses are restarts; then 1, 2, 4, 8, 10 s, each with jitter.
  #pause() {
    const failures = this.#failures++;
    if (failures === 0) return 100 + Math.random() * 500;
    return Math.min(LONGEST_PAUSE, 1000 * 2 ** (failures - 1)) * (0.5 + Math.random() / 2);
  }

  #lost = () => {
    if (this.#socket) this.#drop(true);
  };

  #wake = () => {
    if (document.visibilityState !== "hidden") this.#check();
  };

  // Back from the back/forward cache, where sockets do not live on.
  #restored = (event) => {
    if (event.persisted) this.#check();
  };

  #check = () => {
    if (this.isOpen) this.#probe();
    else if (!this.#socket) this.#connect();
  };

  // A socket may be dead without a close event after sleep: subscribing again is harmless and asks for an answer.
  #probe() {
    const socket = this.#socket;
    const timer = setTimeout(() => socket === this.#socket && this.#drop(true), PROBE_TIMEOUT);
    socket.addEventListener("message", () => clearTimeout(timer), { once: true });
    for (const stream of this.#last.keys()) this.#sendSubscription(stream);
    if (this.#last.size === 0) clearTimeout(timer);
  }

  // No answer in time: the caller falls back, and the silent socket is replaced.
  #giveUp(id) {
    this.#settle(id, (waiting) => waiting.reject(new CableError("timeout")));
    if (this.#socket) this.#drop(true);
  }

  #refuse(frame) {
    const error = new CableError(frame.error.code, frame.error.message);
    if (this.#waiting.has(frame.id)) this.#settle(frame.id, (waiting) => waiting.reject(error));
    else console.warn("Studium cable:", frame.error.code, frame.error.message);
  }

  #settle(id, finish) {
    const waiting = this.#waiting.get(id);
    if (!waiting) return;
    this.#waiting.delete(id);
    clearTimeout(waiting.timer);
    finish(waiting);
  }

  #deliver(frame) {
    const last = this.#last.get(frame.stream);
    if (last === undefined || (frame.id && frame.id <= last)) return;
    if (frame.id) this.#last.set(frame.stream, frame.id);
    if (frame.fragment) applyFragment(frame.fragment);
    if (frame.data) document.dispatchEvent(new CustomEvent(`studium:${frame.data.type ?? "data"}`, { detail: frame.data }));
  }
}
