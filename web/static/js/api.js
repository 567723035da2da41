// Calls of the JSON API with the session cookie and the CSRF token. Nothing here knows what the calls mean.

import { pageValue } from "./page.js";

const LONGEST_CALL = 15_000;
const OUR_PROBLEMS = "urn:studium:";

let csrfToken = null;

export class ApiError extends Error {
  /** `problem` is the problem document (RFC 9457) or null; `retryAfter` is how long to wait in ms, or null. */
  constructor(status, problem, retryAfter = null) {
    super(problem?.detail ?? problem?.title ?? `HTTP ${status}`);
    Object.assign(this, { status, problem: problem ?? {}, retryAfter });
  }

  /** Whether Studium itself says so, and not a proxy or a hotel's network on the way. */
  get isOurs() {
    return String(this.problem.type ?? "").startsWith(OUR_PROBLEMS);
  }
}

/** Gets a resource and returns its `data`. Throws ApiError for a refusal, another error when the network is down or slow. */
export async function get(path) {
  return read(await call(path, {}));
}

/** Gets a fragment of HTML as text. Throws as get() does. */
export async function getHtml(path) {
  const response = await call(path, { headers: { Accept: "text/html" } });
  return response.ok ? response.text() : read(response);
}

/** Posts JSON and returns `data`. A stale CSRF token is renewed once, as a page may stay open for days. */
export async function post(path, body = {}, { keepalive = false, headers = {} } = {}) {
  csrfToken ??= pageValue("csrf-token");
  const first = await send(path, body, keepalive, headers);
  if (first.status !== 400 && first.status !== 403) return read(first);
  const session = await get("/api/v1/session");
  if (!session?.csrf_token || session.csrf_token === csrfToken) return read(first);
  csrfToken = session.csrf_token;
  return read(await send(path, body, keepalive, headers));
}

function send(path, body, keepalive, further) {
  const headers = { ...further, "Content-Type": "application/json", "X-CSRF-Token": csrfToken ?? "" };
  return call(path, { method: "POST", keepalive, headers, body: JSON.stringify(body) });
}

// After sleep or a change of network a request may hang for minutes, and would hold up everything behind it.
function call(path, { headers, ...options }) {
  return fetch(path, {
    ...options,
    credentials: "same-origin",
    headers: { Accept: "application/json", ...headers },
    signal: AbortSignal.timeout(LONGEST_CALL),
  });
}

async function read(response) {
  const body = await response.json().catch(withoutJson);
  if (response.ok) return body?.data;
  const isProblem = response.headers.get("Content-Type")?.startsWith("application/problem+json");
  throw new ApiError(response.status, isProblem ? body : null, retryAfter(response));
}

// Only text that is no JSON is "no body"; an answer that breaks off is trouble of the network.
function withoutJson(error) {
  if (error instanceof SyntaxError) return null;
  throw error;
}

// Seconds or a date (RFC 9110, section 10.2.3).
function retryAfter(response) {
  const value = response.headers.get("Retry-After");
  if (!value) return null;
  const wait = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(wait) ? Math.max(0, wait) : null;
}
