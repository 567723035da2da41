// The sign in the header of every page: how many tasks of the student are in progress. Hidden when there is none.

import { get } from "./api.js";
import { ActiveJobs } from "./job-order.js";

const sign = document.querySelector("[data-active-jobs]");

function show(count) {
  sign.hidden = count === 0;
  sign.querySelector("[data-active-count]").textContent = count;
}

async function activeIds() {
  return (await get("/api/v1/jobs?active=true&limit=100")).map((job) => job.id);
}

const jobs = sign && new ActiveJobs(sign.dataset.activeJobs.split(" ").filter(Boolean), show, activeIds);

if (jobs) document.addEventListener("studium:job", ({ detail }) => jobs.receive(detail));

/** Asks for the true number again, after a time without live messages. */
export function refreshActiveJobs() {
  return jobs?.refresh();
}
