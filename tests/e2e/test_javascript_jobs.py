"""The scripts of job cards in a real Chromium without a site: cards that never go backwards, the count, the voice, and forms."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.e2e.scripts import Scripts, opened

pytestmark = pytest.mark.e2e


@pytest.fixture
def scripts(browser: Browser) -> Iterator[Scripts]:
    with opened(browser) as found:
        yield found


@pytest.mark.parametrize(("shown", "message", "expected"), [
    (None, {"phase": "a", "state": "running", "progress": 0}, "fetch"),
    ({"phase": "a", "progress": 10}, {"phase": "a", "state": "running", "progress": 10}, "move"),
    ({"phase": "a", "progress": 10}, {"phase": "a", "state": "running", "progress": 30}, "move"),
    ({"phase": "a", "progress": 10}, {"phase": "a", "state": "running", "progress": 9}, "ignore"),
    ({"phase": "a", "progress": 10}, {"phase": "b", "state": "running", "progress": 0}, "fetch"),
    ({"phase": "a", "progress": 100}, {"phase": "a", "state": "succeeded", "progress": 100}, "ignore"),
])
def test_message_is_taken_only_within_its_phase_and_forwards(scripts: Scripts, shown: Any, message: Any, expected: str) -> None:
    assert scripts.run("job-order", "return verdict(given[0], given[1])", [shown, message]) == expected


# A server with one job whose versions follow each other; what it tells comes late, doubled and in any order, and answers take their time.
STORY = """
    document.body.innerHTML = "<div id=announcements></div><section data-jobs hidden><ul data-job-list></ul></section>";
    const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    const random = (n) => Math.floor(Math.random() * n);
    const runs = Array.from({ length: 12 }, () => [["queued", 1], ["running", 6]]);
    const phases = [...runs.flat(), ["running", 40], ["succeeded", 1]];
    const versions = phases.flatMap(([state, ticks], phase) => Array.from({ length: ticks }, (_, i) =>
      ({ id: "j", state, phase: `p${phase}`, progress: state === "running" ? Math.floor(100 * i / ticks) : 0, message: `${phase}.${i}` })));
    let now = -1, shown = [];
    const html = ({ id, state, phase, progress, message }) => `<li data-job=${id} data-title=T data-words=W data-state=${state}
      data-phase=${phase} data-progress=${progress}><progress max=100 value=${progress}></progress><span data-job-percent></span>
      <p data-job-message>${message}</p></li>`;
    const fetchCard = async () => { await wait(random(20)); const read = html(versions[now]); await wait(random(60)); return read; };
    const section = document.querySelector("[data-jobs]");
    const cards = new JobCards(section, fetchCard, { know() {}, tell() {} });
    const look = () => {
      const text = section.querySelector("[data-job-message]")?.textContent;
      if (text && text !== shown.at(-1)) shown.push(text);
    };
    new MutationObserver(look).observe(section, { childList: true, subtree: true, characterData: true });
"""


def test_card_never_goes_backwards_whatever_the_order_of_messages(scripts: Scripts) -> None:
    shown, order, hidden = scripts.run("job-cards", STORY + """
        const late = [];
        for (const version of versions) {
          now += 1;
          for (let copies = 1 + random(2); copies > 0; copies -= 1) {
            late.push(wait(random(60)).then(() => cards.receive(version)));
          }
          await wait(random(6));
        }
        await Promise.all(late);
        await wait(250);
        look();
        return [shown, versions.map((version) => version.message), section.hidden];
    """)
    places = [order.index(message) for message in shown]
    assert places == sorted(places), shown
    assert len(places) > 10, "the bar moved in between"
    assert (shown[-1], hidden) == (order[-1], False)


def test_card_is_asked_for_again_until_it_is_there_and_goes_when_the_job_is_gone(scripts: Scripts) -> None:
    found = scripts.run("job-cards api", """
        document.body.innerHTML = "<section><ul data-job-list></ul></section>";
        const real = window.setTimeout, pauses = [];
        window.setTimeout = (run, ms) => { pauses.push(ms); return real(run, 0); };
        let asked = 0;
        const card = "<li data-job=j data-state=running data-phase=a data-progress=1></li>";
        const fetchCard = async () => {
          asked += 1;
          if (asked < 4) throw new TypeError("Failed to fetch");
          if (asked === 4) return card;
          throw new ApiError(404, null);
        };
        const cards = new JobCards(document.querySelector("section"), fetchCard, { know() {}, tell() {} });
        cards.receive({ id: "j", phase: "a", state: "running", progress: 1 });
        while (!cards.find("j")) await new Promise((resolve) => real(resolve, 5));
        const there = cards.active().length;
        await cards.refresh("j");
        return [pauses, there, cards.find("j")];
    """)
    assert found == [[2000, 4000, 8000], 1, None]


def test_keyboard_stays_on_the_card_that_is_replaced(scripts: Scripts) -> None:
    found = scripts.run("job-cards", """
        const html = (state, verb) => `<li data-job=j data-state=${state} data-phase=${state} data-progress=0 tabindex=-1>
          <button data-job-action=${verb}>B</button></li>`;
        document.body.innerHTML = `<section><ul data-job-list></ul><details open><ul>${html("failed", "retry")}</ul></details></section>`;
        const answers = [html("queued", "cancel"), html("running", "cancel")];
        const cards = new JobCards(document.querySelector("section"), async () => answers.shift(), { know() {}, tell() {} });
        document.querySelector("button").focus();
        await cards.refresh("j");
        const first = [document.activeElement.dataset.job, document.querySelector("[data-job-list]").contains(cards.find("j"))];
        document.querySelector("button").focus();
        await cards.refresh("j");
        return [...first, document.activeElement.dataset.jobAction, document.querySelectorAll("[data-job]").length];
    """)
    assert found == ["j", True, "cancel", 1]


def test_count_of_active_jobs_is_right_in_the_end_whatever_the_order(scripts: Scripts) -> None:
    counts = scripts.run("job-order", """
        const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
        const random = (n) => Math.floor(Math.random() * n);
        const wrong = [];
        for (let round = 0; round < 40; round += 1) {
          const states = new Map();
          const active = () => [...states].filter(([, state]) => ACTIVE.has(state)).map(([id]) => id);
          let shown = 0;
          const check = async () => { const ids = active(); await wait(random(4)); return ids; };
          const jobs = new ActiveJobs([], (count) => { shown = count; }, check);
          const late = [];
          for (const id of ["a", "b", "c"]) {
            for (const state of ["queued", "running", ["failed", "succeeded"][random(2)], ...(random(2) ? ["queued", "running"] : [])]) {
              states.set(id, state);
              late.push(wait(random(5)).then(() => jobs.receive({ id, state })));
              await wait(random(2));
            }
          }
          await Promise.all(late);
          for (const id of active()) jobs.receive({ id, state: "running" }); // what is active is heard of again
          await wait(40);
          if (shown !== active().length || shown !== jobs.count) wrong.push([shown, active()]);
        }
        return wrong;
    """)
    assert counts == []


def test_plain_life_of_a_job_costs_the_count_no_request(scripts: Scripts) -> None:
    found = scripts.run("job-order", """
        const counts = [];
        let asked = 0;
        const jobs = new ActiveJobs(["old"], (count) => counts.push(count), async () => { asked += 1; return []; });
        for (const state of ["queued", "running", "running", "succeeded"]) jobs.receive({ id: "new", state });
        jobs.receive({ id: "old", state: "cancelled" });
        return [counts, asked];
    """)
    assert found == [[2, 1, 0], 0]


def test_start_quarters_and_end_are_said_and_not_each_tick(scripts: Scripts) -> None:
    said = scripts.run("job-voice", """
        document.body.innerHTML = "<div id=announcements></div><div id=studium-texts></div>";
        document.getElementById("studium-texts").dataset.texts = JSON.stringify({
          job_started: "{title} started", job_percent: "{title} {percent}", job_ended: "{title} {words}" });
        const said = [];
        new MutationObserver(() => said.push(document.getElementById("announcements").textContent))
          .observe(document.getElementById("announcements"), { childList: true });
        const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
        const voice = new JobVoice();
        voice.know({ id: "known", state: "running", progress: 30 });
        for (let progress = 31; progress < 50; progress += 1) voice.tell({ id: "known", title: "K", state: "running", progress });
        await wait(350);
        const one = { id: "one", title: "One" };
        voice.answer({ ...one, state: "queued" });
        voice.tell({ ...one, state: "queued", progress: 0 });
        voice.tell({ ...one, state: "running", progress: 3 });
        await wait(350);
        for (let progress = 4; progress < 100; progress += 1) { voice.tell({ ...one, state: "running", progress }); await wait(8); }
        await wait(350);
        voice.tell({ ...one, state: "succeeded", progress: 100, words: "ready" });
        voice.tell({ id: "known", title: "K", state: "failed", progress: 49, words: "broken" });
        voice.tell({ ...one, state: "succeeded", progress: 100, words: "ready" });
        await wait(350);
        return said;
    """)
    assert (said[0], said[-1]) == ("One started", "One ready; K broken")
    assert "; ".join(said[1:-1]) == "One 25%; One 50%; One 75%"


FORMS = """
    document.body.innerHTML = `<div id=announcements></div><section><ul><li><form data-job-form=start>
      <input name=kind value=hello><input name=params value='{"seconds": 1}'><input name=key value=k><button>Go</button></form>
      <p data-job-notice hidden></p></li></ul></section>`;
    const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    const section = document.querySelector("section"), button = document.querySelector("button");
    const notice = document.querySelector("[data-job-notice]"), sent = [], answers = [];
    const post = async (path, body, { headers }) => {
      sent.push([path, body, headers["Idempotency-Key"]]);
      await wait(20);
      const answer = answers.shift() ?? { id: "j", title: "Hello", state: "queued" };
      if (answer instanceof Error) throw answer;
      return answer;
    };
    const asked = [], told = [];
    new JobForms(section, post, { refresh: async (id) => asked.push(id), find: () => null }, { answer: (job) => told.push(job.id) });
    const press = async () => { button.click(); await wait(340); };
"""


def test_many_presses_send_one_request_and_the_button_waits(scripts: Scripts) -> None:
    found = scripts.run("job-forms", FORMS + """
        button.focus(); button.click();
        const disabled = button.disabled;
        for (let i = 0; i < 5; i += 1) { section.querySelector("form").requestSubmit(); await wait(10); }
        await wait(40);
        section.querySelector("form").requestSubmit();
        await wait(300);
        const once = sent.length;
        await press();
        return [disabled, once, sent, asked, told, button.disabled, document.activeElement === button];
    """)
    assert found == [True, 1, [["/api/v1/jobs", {"kind": "hello", "params": {"seconds": 1}}, "k.0"],
                               ["/api/v1/jobs", {"kind": "hello", "params": {"seconds": 1}}, "k.1"]], ["j", "j"], ["j", "j"], False, True]


def test_without_a_clear_answer_the_same_request_is_sent_again(scripts: Scripts) -> None:
    """So a start that reached the server, though its answer did not come back, is not made twice."""
    found = scripts.run("job-forms api", FORMS + """
        const ours = (status, code) => new ApiError(status, { type: `urn:studium:problem:${code}`, detail: `said ${code}` });
        answers.push(new TypeError("Failed to fetch"), new ApiError(502, null), ours(500, "internal"), ours(429, "too-many-jobs"));
        const words = [], heard = [];
        for (let i = 0; i < 5; i += 1) {
          await press();
          words.push(notice.hidden ? "" : notice.textContent);
          heard.push(document.getElementById("announcements").textContent);
        }
        return [sent.map(([, , key]) => key), words, heard];
    """)
    words = ["job_offline", "job_not_sent", "job_not_sent", "said too-many-jobs", ""]
    assert found == [["k.0", "k.0", "k.0", "k.0", "k.1"], words, words]


def test_keyboard_is_on_the_card_when_its_button_is_gone(scripts: Scripts) -> None:
    found = scripts.run("job-cards job-forms", """
        const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
        const html = (state, form) => `<li data-job=j data-state=${state} data-phase=${state} data-progress=0 tabindex=-1>${form}
          <p data-job-notice hidden></p></li>`;
        document.body.innerHTML = `<section><ul data-job-list>
          ${html("running", "<form data-job-form=cancel><button data-job-action=cancel>C</button></form>")}</ul></section>`;
        const section = document.querySelector("section"), sent = [];
        const cards = new JobCards(section, async () => { await wait(60); return html("cancelled", ""); }, { know() {}, tell() {} });
        new JobForms(section, async (path) => { sent.push(path); await wait(60); }, cards, {});
        document.querySelector("button").focus();
        document.querySelector("button").click();
        await wait(450);
        return [sent, document.activeElement.dataset.job, document.activeElement.dataset.state];
    """)
    assert found == [["/api/v1/jobs/j/cancel"], "j", "cancelled"]


CARD_FORMS = """
    const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    const html = (state, verb) => `<li data-job=j data-state=${state} data-phase=${state} data-progress=0 tabindex=-1>
      <form data-job-form=${verb}><button data-job-action=${verb}>B</button></form><p data-job-notice hidden></p></li>`;
    document.body.innerHTML = `<div id=announcements></div><section><ul data-job-list>${html("failed", "retry")}</ul></section>`;
    const section = document.querySelector("section"), sent = [];
    const button = () => document.querySelector("button");
"""


def test_second_click_does_not_hit_the_button_that_came_in_place_of_the_first(scripts: Scripts) -> None:
    """ "Try again" becomes "Cancel" as soon as the server has answered, which may be between the clicks of a double click."""
    found = scripts.run("job-cards job-forms", CARD_FORMS + """
        const cards = new JobCards(section, async () => html("queued", "cancel"), { know() {}, tell() {} });
        new JobForms(section, async (path) => { sent.push(path); }, cards, {});
        button().click();
        await wait(100);
        button().click();
        await wait(400);
        const first = [...sent];
        button().click();
        await wait(50);
        return [first, sent];
    """)
    assert found == [["/api/v1/jobs/j/retry"], ["/api/v1/jobs/j/retry", "/api/v1/jobs/j/cancel"]]


def test_refusal_by_the_kind_of_job_is_said_on_the_card(scripts: Scripts) -> None:
    found = scripts.run("job-cards job-forms api", CARD_FORMS + """
        const refusal = new ApiError(409, { type: "urn:studium:problem:conflict", detail: "This certificate was revoked." });
        const cards = new JobCards(section, async () => html("failed", "retry"), { know() {}, tell() {} });
        new JobForms(section, async () => { throw refusal; }, cards, {});
        button().click();
        await wait(400);
        const notice = section.querySelector("[data-job-notice]");
        return [notice.hidden, notice.textContent, document.getElementById("announcements").textContent];
    """)
    assert found == [False, "This certificate was revoked.", "This certificate was revoked."]
