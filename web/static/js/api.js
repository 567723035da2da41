// Calls of the JSON API with the session cookie and the CSRF token. Nothing here knows what the calls mean.

import { pageValue } from "./page.js";

let csrfToken = null;

export class ApiError extends Error {
  constructor(status, problem) {
    super(problem?.detail ?? problem?.title ?? `HTTP ${status}`);
    this.status = status;
    this.problem = problem ?? {};
  }
}

/** Gets a resource and returns its `data`. Throws ApiError for a refusal, TypeError when the network is down. */
export async function get(path) {
  const response = await fetch(path, { headers: { Accept: "application/json" }, credentials: "same-origin" });
  return read(response);
}

/** Posts JSON and returns `data`. A stale CSRF token is renewed once, as a page may stay open for days. */
export async function post(path, body = {}, { keepalive = false } = {}) {
  csrfToken ??= pageValue("csrf-token");
  const first = await send(path, body, keepalive);
  if (first.status !== 400 && first.status !== 403) return read(first);
  const session = await get("/api/v1/session");
  if (!session.csrf_token || session.csrf_token === csrfToken) return read(first);
  csrfToken = session.csrf_token;
  return read(await send(path, body, keepalive));
}

function send(path, body, keepalive) {
  return fetch(path, {
    method: "POST",
    credentials: "same-origin",
    keepalive,
    headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRF-Token": csrfToken ?? "" },
    body: JSON.stringify(body),
  });
}

async function read(response) {
  const body = await response.json().catch(() => null);
  if (!response.ok) throw new ApiError(response.status, body);
  return body?.data;
}
