// The dashboard's documents and tasks: live cards, forms that are sent by script, and what happens after a break of the connection.

import { getHtml, post } from "./api.js";
import { cable } from "./connection.js";
import { JobCards } from "./job-cards.js";
import { JobForms } from "./job-forms.js";
import { JobVoice } from "./job-voice.js";

const WITHOUT_CABLE = 5_000;
const section = document.querySelector("[data-jobs]");

if (section) {
  const voice = new JobVoice();
  const cards = new JobCards(section, (id) => getHtml(`/jobs/${encodeURIComponent(id)}/card`), voice);
  new JobForms(section, post, cards, voice);

  document.addEventListener("studium:job", ({ detail }) => cards.receive(detail));
  cable?.addEventListener("open", () => cards.refreshActive());
  addEventListener("pageshow", (event) => event.persisted && cards.refreshActive());
  setInterval(() => !cable?.isOpen && navigator.onLine && cards.refreshActive(), WITHOUT_CABLE);
}
