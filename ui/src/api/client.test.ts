import { afterEach, expect, test, vi } from "vitest";
import { Client, parseRetryAfter, path, Problem } from "./client";
import { allRows } from "./reports";

afterEach(() => vi.unstubAllGlobals());

function answer(body: unknown, init: ResponseInit = {}) {
  const fetch = vi.fn(() => Promise.resolve(new Response(JSON.stringify(body), init)));
  vi.stubGlobal("fetch", fetch);
  return fetch;
}

async function problemOf(promise: Promise<unknown>): Promise<Problem> {
  const error: unknown = await promise.catch((thrown: unknown) => thrown);
  if (!(error instanceof Problem)) throw new Error(`no problem but ${String(error)}`);
  return error;
}

test("paths encode each segment", () => {
  expect(path("sites", "a/b.example", "overview")).toBe("/v1/sites/a%2Fb.example/overview");
});

test("a query leaves out what is not set", async () => {
  const fetch = answer({});
  await new Client().get("/v1/x", { a: 1, b: undefined, c: null, d: "x y" });
  expect(fetch).toHaveBeenCalledWith("/v1/x?a=1&d=x+y", expect.anything());
});

test("a body is sent as JSON", async () => {
  const fetch = answer({ ok: true });
  expect(await new Client().post("/v1/x", { a: 1 })).toEqual({ ok: true });
  expect(fetch).toHaveBeenCalledWith(
    "/v1/x",
    expect.objectContaining({ method: "POST", body: '{"a":1}' }),
  );
});

test("a refusal carries its details", async () => {
  const body = {
    type: "https://example/x",
    title: "Invalid",
    status: 422,
    detail: "Some fields are wrong.",
    request_id: "r1",
    errors: [{ field: "domain", message: "must be a host name" }],
  };
  answer(body, { status: 422, headers: { "retry-after": "7" } });
  const problem = await problemOf(new Client().get("/v1/x"));
  expect(problem.message).toBe("Some fields are wrong.");
  expect(problem.fields.get("domain")).toBe("Must be a host name.");
  expect(problem.requestId).toBe("r1");
  expect(problem.retryAfterS).toBe(7);
});

test("a refusal that is no problem document still says its status", async () => {
  vi.stubGlobal("fetch", () => Promise.resolve(new Response("<html>", { status: 502 })));
  const problem = await problemOf(new Client().get("/v1/x"));
  expect(problem.status).toBe(502);
  expect(problem.message).toContain("502");
});

test("no answer is a problem too, an abort is not", async () => {
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("failed")));
  expect((await problemOf(new Client().get("/v1/x"))).status).toBe(0);
  const abort = new DOMException("aborted", "AbortError");
  vi.stubGlobal("fetch", () => Promise.reject(abort));
  await expect(new Client().get("/v1/x")).rejects.toBe(abort);
});

test("401 is told to whoever minds the session", async () => {
  answer({ status: 401 }, { status: 401 });
  const client = new Client();
  client.onSignedOut = vi.fn();
  await problemOf(client.get("/v1/x"));
  expect(client.onSignedOut).toHaveBeenCalledOnce();
});

test.each([
  ["wrong-credentials", true],
  ["wrong-factor", true],
  ["transaction-ended", false],
])("%s does not mean that nobody is signed in", async (kind, disproves) => {
  answer({ status: 401, type: `urn:shelduck:problem:${kind}` }, { status: 401 });
  const client = new Client();
  client.onSignedOut = vi.fn();
  const problem = await problemOf(client.post("/v1/auth/step-up", {}));
  expect(problem.is(kind)).toBe(true);
  expect(problem.disproves()).toBe(disproves);
  expect(client.onSignedOut).not.toHaveBeenCalled();
});

function answers(...bodies: [unknown, number][]) {
  const fetch = vi.fn<typeof globalThis.fetch>(() => {
    const [body, status] = bodies.shift() ?? [{}, 500];
    return Promise.resolve(new Response(JSON.stringify(body), { status }));
  });
  vi.stubGlobal("fetch", fetch);
  return fetch;
}

const STEP_UP = { type: "urn:shelduck:problem:step-up-required", status: 403 };

test("an act that needs a fresh proof is repeated when it was given", async () => {
  const fetch = answers([STEP_UP, 403], [{ id: "k" }, 201]);
  const client = new Client();
  client.onStepUp = vi.fn(() => Promise.resolve(true));
  expect(await client.post("/v1/keys", { name: "n" })).toEqual({ id: "k" });
  expect(client.onStepUp).toHaveBeenCalledOnce();
  expect(fetch.mock.calls[1]).toEqual(fetch.mock.calls[0]);
});

test("without the proof the act is not repeated, and with it once at most", async () => {
  let fetch = answers([STEP_UP, 403]);
  const client = new Client();
  const problem = await problemOf(client.post("/v1/keys", {}));
  expect(problem.message).toContain("nothing was changed");
  expect(fetch).toHaveBeenCalledOnce();

  fetch = answers([STEP_UP, 403], [STEP_UP, 403], [{}, 200]);
  client.onStepUp = vi.fn(() => Promise.resolve(true));
  expect((await problemOf(client.post("/v1/keys", {}))).is("step-up-required")).toBe(true);
  expect(fetch).toHaveBeenCalledTimes(2);
});

test("another refusal asks for no proof", async () => {
  answers([{ type: "urn:shelduck:problem:forbidden", status: 403 }, 403]);
  const client = new Client();
  client.onStepUp = vi.fn(() => Promise.resolve(true));
  expect((await problemOf(client.get("/v1/users"))).status).toBe(403);
  expect(client.onStepUp).not.toHaveBeenCalled();
});

test("Retry-After is seconds or a date", () => {
  const now = Date.parse("2026-11-22T12:00:00Z");
  expect(parseRetryAfter("90", now)).toBe(90);
  expect(parseRetryAfter("Sun, 22 Nov 2026 12:00:30 GMT", now)).toBe(30);
  expect(parseRetryAfter("Sun, 22 Nov 2026 11:00:00 GMT", now)).toBe(0);
  expect(parseRetryAfter("soon", now)).toBeNull();
  expect(parseRetryAfter(null, now)).toBeNull();
});

test("all rows are fetched page after page", async () => {
  const pages = [
    { items: [{ value: "a" }], next_cursor: "2" },
    { items: [{ value: "b" }], next_cursor: null },
  ];
  const fetch = vi.fn<typeof globalThis.fetch>(() =>
    Promise.resolve(new Response(JSON.stringify(pages.shift()))),
  );
  vi.stubGlobal("fetch", fetch);
  const rows = await allRows(new Client(), "x.example", "page", { period: "day" });
  expect(rows.map((row) => row.value)).toEqual(["a", "b"]);
  expect(fetch.mock.calls[1]?.[0]).toContain("cursor=2");
});
