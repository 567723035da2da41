// What is around the player of a lesson page: the missing parts, the chapters, and the reading rule of text lessons.

import "./video-player.js";
import { watchChapters } from "./chapters.js";
import { watchAccess } from "./closed-lesson.js";
import { watchMissing } from "./missing-parts.js";
import { watchReading } from "./reading.js";

const player = document.querySelector("studium-player");
const panel = document.getElementById("missing-parts");
const chapters = document.getElementById("chapters");
const reading = document.getElementById("reading");
const article = document.querySelector("[data-lesson-access]");

if (article) watchAccess(article, player);
if (player && chapters) watchChapters(chapters, player);
if (player?.session && panel) watchMissing(panel, player);
if (reading) watchReading(reading);
