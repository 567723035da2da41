// The forms that start, cancel and retry jobs, sent by script: once, with the answer in words beside the button.

import { ApiError } from "./api.js";
import { announce, text } from "./page.js";

const DEBOUNCE = 300;

export class JobForms {
  #sending = new Set();
  #rounds = new Map();

  /** `post(path, body, options)` calls the API; `cards` and `voice` show what comes of it. */
  constructor(section, post, cards, voice) {
    Object.assign(this, { post, cards, voice });
    section.addEventListener("submit", (event) => {
      const form = event.target.closest("[data-job-form]");
      if (!form) return;
      event.preventDefault();
      this.send(form);
    });
  }

  /**
   * Sends a form, unless it or another one of its card is being sent. The button rests for a moment even if the answer is quick, as
   * double clicks are: the card may be replaced between the two, and its new button lies where the old one was.
   */
  async send(form) {
    const id = form.closest("[data-job]")?.dataset.job;
    const pressed = id ?? form;
    if (this.#sending.has(pressed)) return;
    this.#sending.add(pressed);
    const rest = new Promise((resolve) => setTimeout(resolve, DEBOUNCE));
    const [button, notice] = [form.querySelector("button"), noticeOf(form.closest("li"))];
    const focused = document.activeElement === button;
    notice.hidden = true;
    button.disabled = true;
    announce(""); // so that the same refusal is heard again
    try {
      await (form.dataset.jobForm === "start" ? this.#start(form) : this.#change(form));
    } catch (error) {
      refuse((id && noticeOf(this.cards.find(id))) || notice, error);
    }
    await rest;
    this.#sending.delete(pressed);
    button.disabled = false;
    if (focused && document.activeElement === document.body) this.#refocus(button, id);
  }

  // A button that rests loses the keyboard, and a card may have been replaced meanwhile.
  #refocus(button, id) {
    (button.isConnected ? button : this.cards.find(id))?.focus({ preventScroll: true });
  }

  async #start(form) {
    const { kind, params, key } = Object.fromEntries(new FormData(form));
    const round = this.#rounds.get(form) ?? 0;
    const headers = { "Idempotency-Key": `${key}.${round}` };
    const job = await this.post("/api/v1/jobs", { kind, params: JSON.parse(params) }, { headers }).catch((error) => {
      if (isRefusal(error)) this.#rounds.set(form, round + 1);
      throw error;
    });
    this.#rounds.set(form, round + 1); // without a clear answer the key stays, so that pressing again starts nothing twice
    this.voice.answer(job);
    await this.cards.refresh(job.id);
    this.cards.find(job.id)?.scrollIntoView({ block: "nearest" });
  }

  // What is no longer possible shows on the fresh card; if that offers the same still, the kind of job itself refuses and says why.
  async #change(form) {
    const [{ job: id }, verb] = [form.closest("[data-job]").dataset, form.dataset.jobForm];
    try {
      await this.post(`/api/v1/jobs/${id}/${verb}`);
    } catch (error) {
      if (error.status !== 404 && error.status !== 409) throw error;
      await this.cards.refresh(id);
      if (this.cards.find(id)?.querySelector(`[data-job-form="${verb}"]`)) throw error;
      return;
    }
    await this.cards.refresh(id);
  }
}

function noticeOf(card) {
  return card?.querySelector("[data-job-notice]");
}

function refuse(notice, error) {
  notice.textContent = inWords(error);
  notice.hidden = false;
  announce(notice.textContent);
}

function inWords(error) {
  if (!(error instanceof ApiError)) return text("job_offline");
  if (error.status === 401) return text("job_signed_out");
  return isRefusal(error) ? error.message : text("job_not_sent");
}

function isRefusal(error) {
  return error instanceof ApiError && error.isOurs && error.status < 500;
}
