// Closes the open page of a lesson: the video is let go, what needs access is taken away, and a notice says why and where to go.

import { LessonAccess } from "./lesson-access.js";
import { announce } from "./page.js";

/** `article` carries data-course, data-lesson, data-course-id and data-ends-in (ms or empty); `player` may be null. */
export function watchAccess(article, player) {
  const { course, lesson, courseId, endsIn } = article.dataset;
  const changesIn = endsIn ? Number(endsIn) : null;
  const access = new LessonAccess({ course, lesson, courseId: Number(courseId), isOpen: true, changesIn });
  const notice = article.querySelector("[data-lesson-closed]");
  access.addEventListener("closed", () => close(article, player, notice));
  access.addEventListener("opened", () => show(notice, "opened"));
  player?.addEventListener("refused", () => access.check());
  player?.video.addEventListener("error", () => access.check());
  player?.video.querySelector("source:last-of-type")?.addEventListener("error", () => access.check());
}

function close(article, player, notice) {
  player?.close();
  for (const part of article.querySelectorAll("[data-needs-access]")) part.remove();
  if (player) player.hidden = true; // it stays in the page until what was watched is saved
  show(notice, "closed");
}

function show(notice, state) {
  notice.hidden = false;
  for (const part of notice.querySelectorAll("[data-when]")) part.hidden = part.dataset.when !== state;
  notice.focus();
  notice.scrollIntoView({ block: "nearest" });
  announce(notice.querySelector(`[data-when="${state}"] h2`).textContent);
}
