// Text lessons: complete by a button, or when 80 % was on the screen and the reader stayed long enough.

import { post } from "./api.js";
import { announce, text } from "./page.js";

const READ_SHARE = 0.8;

/** Watches a text lesson; `box` carries data-rule, data-dwell (ms), data-course, data-lesson and data-lesson-id. */
export function watchReading(box) {
  const button = box.querySelector("button");
  button?.addEventListener("click", () => complete(box));
  if (box.dataset.rule === "read" && !box.hasAttribute("data-completed")) watchScroll(box);
}

function watchScroll(box) {
  const article = document.getElementById("lesson-text");
  const reader = { dwell: 0, reached: false };
  const timer = setInterval(() => {
    if (!box.isConnected) return clearInterval(timer); // the lesson was closed
    if (document.visibilityState === "visible") reader.dwell += 1000;
    reader.reached ||= readShare(article) >= READ_SHARE;
    if (!reader.reached || reader.dwell < Number(box.dataset.dwell)) return undefined;
    clearInterval(timer);
    return complete(box);
  }, 1000);
}

function readShare(article) {
  const { top, height } = article.getBoundingClientRect();
  return height ? (innerHeight - top) / height : 0;
}

async function complete(box) {
  const { course, lesson, lessonId } = box.dataset;
  const button = box.querySelector("button");
  if (box.hasAttribute("data-completed") || box.hasAttribute("data-busy")) return;
  box.toggleAttribute("data-busy", true);
  try {
    const progress = await post(`/api/v1/lessons/${course}/${lesson}/completion`);
    const detail = { course, lesson, lesson_id: Number(lessonId), covered: 1, ...progress, completed: true };
    document.dispatchEvent(new CustomEvent("studium:progress", { detail }));
    box.toggleAttribute("data-completed", true);
  } catch (error) {
    console.warn("Studium: the lesson could not be completed", error);
    announce(text("not_saved"));
    box.querySelector("[data-error]").hidden = false;
    if (button) button.disabled = false;
  } finally {
    box.removeAttribute("data-busy");
  }
}
