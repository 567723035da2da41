// Progress that changes while the page is open: bars, rings and counts of lessons and courses, on every page.
// Says milestones (25, 50, 75 %, completed) in the live region, not each beat.

import { get } from "./api.js";
import { announce, percent, text } from "./page.js";

const spoken = new Map();

/** Applies one progress message: {lesson_id, covered, completed, course, percent?, completed_lessons?, required_lessons?}. */
export function showProgress(progress) {
  for (const element of document.querySelectorAll(`[data-progress-lesson="${progress.lesson_id}"]`)) {
    showLesson(element, progress);
  }
  if (progress.percent === undefined || progress.percent === null) return;
  for (const element of document.querySelectorAll(`[data-progress-course="${CSS.escape(progress.course)}"]`)) {
    showCourse(element, progress);
  }
}

/** Fetches the progress of all courses of this page again, after a time without live messages. */
export async function refreshProgress() {
  const courses = new Set([...document.querySelectorAll("[data-progress-course]")].map((e) => e.dataset.progressCourse));
  for (const course of courses) {
    try {
      const progress = await get(`/api/v1/progress/${encodeURIComponent(course)}`);
      const { percent, completed_lessons, required_lessons } = progress;
      showProgress({ course, percent, completed_lessons, required_lessons });
      for (const lesson of progress.lessons) {
        document.dispatchEvent(new CustomEvent("studium:progress", { detail: { ...lesson, course } }));
      }
    } catch (error) {
      console.debug("Studium: progress is not fresh", course, error.message);
    }
  }
}

function showLesson(element, { covered, completed }) {
  const done = completed || element.dataset.state === "completed";
  const share = done ? 100 : Math.floor(100 * (covered ?? 0));
  element.dataset.state = done ? "completed" : covered > 0 ? "started" : element.dataset.state;
  draw(element, share);
  for (const place of element.querySelectorAll("[data-state-text]")) {
    if (done) place.textContent = text("completed");
    else if (share > 0) place.textContent = text("watched_percent", { percent: percent(share) });
  }
}

function showCourse(element, { percent: share, completed_lessons: done, required_lessons: all }) {
  element.dataset.state = share >= 100 ? "completed" : "started";
  draw(element, share);
  const count = element.querySelector("[data-count]");
  if (count && all !== undefined && all !== null) count.textContent = text("lessons_done", { done, all });
}

function draw(element, share) {
  for (const bar of element.querySelectorAll("progress")) bar.value = share;
  for (const arc of element.querySelectorAll("[data-arc]")) arc.setAttribute("stroke-dasharray", `${share} 100`);
  for (const place of element.querySelectorAll("[data-percent]")) place.textContent = percent(share);
}

function say({ lesson_id: id, covered, completed }) {
  const element = document.querySelector(`[data-progress-lesson="${id}"]`);
  const title = element?.dataset.title; // a page without the lesson has other things to say; the bell tells of its end there
  const milestone = completed ? 100 : Math.floor((covered ?? 0) * 4) * 25;
  const before = spoken.get(id) ?? (element?.dataset.state === "completed" ? 100 : null);
  spoken.set(id, Math.max(milestone, before ?? 0));
  if (!title || (before === null ? !completed : milestone <= before)) return;
  if (completed) announce(text("said_completed", { title }), ["lesson_completed"]);
  else announce(text("said_percent", { title, percent: percent(milestone) }));
}

document.addEventListener("studium:progress", ({ detail }) => {
  say(detail);
  showProgress(detail);
});
