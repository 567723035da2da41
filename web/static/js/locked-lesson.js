// The page of a lesson that is not open: when access comes, bought in another tab or by the clock, it offers to open the lesson.

import { LessonAccess } from "./lesson-access.js";
import { announce } from "./page.js";

const page = document.querySelector("[data-locked-lesson]");
const { course, lesson, courseId, opensIn } = page.dataset;
const [offer, rest] = [page.querySelector("[data-open-now]"), page.querySelector("[data-still-locked]")];
const access = new LessonAccess({ course, lesson, courseId: Number(courseId), isOpen: false, changesIn: opensIn ? Number(opensIn) : null });

function show(isOpen) {
  offer.hidden = !isOpen;
  rest.hidden = isOpen;
  if (!isOpen) return;
  offer.focus();
  announce(offer.querySelector("h2").textContent);
}

access.addEventListener("opened", () => show(true));
access.addEventListener("closed", () => show(false));
