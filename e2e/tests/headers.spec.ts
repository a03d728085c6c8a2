// The headers of each kind of answer.

import { expect, test } from "../support/test";

const policy = (header: string | undefined) =>
  Object.fromEntries(
    (header ?? "")
      .split(";")
      .map((part) => part.trim().split(/\s+/))
      .map(([name, ...values]) => [name, values.join(" ")]),
  );

for (const path of ["/", "/sites/somewhere", "/demo/"]) {
  test(`${path} allows nothing but itself`, async ({ request }) => {
    const response = await request.get(path, { headers: { accept: "text/html" } });
    expect(response.status()).toBe(200);
    const headers = response.headers();
    const rules = policy(headers["content-security-policy"]);
    expect(rules["default-src"]).toMatch(/^'(none|self)'$/);
    expect(rules["frame-ancestors"]).toBe("'none'");
    expect(rules["base-uri"]).toMatch(/^'(none|self)'$/);
    expect(rules["object-src"] ?? rules["default-src"]).toBe("'none'");
    for (const value of Object.values(rules)) expect(value).not.toMatch(/unsafe-|https?:|\*/);
    expect(headers["x-content-type-options"]).toBe("nosniff");
    expect(headers["referrer-policy"]).toBeTruthy();
    expect(headers["cross-origin-opener-policy"]).toBe("same-origin");
    expect(headers["set-cookie"]).toBeUndefined();
    expect(headers["server"]).toBeUndefined();
  });
}

test("the API is not kept by caches", async ({ request }) => {
  const response = await request.get("/v1/sites");
  expect(response.headers()["cache-control"]).toContain("no-store");
  expect(response.headers()["access-control-allow-origin"]).toBeUndefined();
});

test("the tracker may be loaded by every site, compressed, and is small", async ({ request }) => {
  for (const [name, bytesMax] of [
    ["script.js", 1500],
    ["plausible.js", 1500],
    ["script.hash.outbound-links.js", 2300],
    ["plausible.tagged-events.revenue.js", 2300],
  ] as const) {
    const response = await request.get(`/js/${name}`, { headers: { "accept-encoding": "gzip" } });
    expect(response.status(), name).toBe(200);
    const headers = response.headers();
    expect(headers["content-type"], name).toMatch(/^(text|application)\/javascript/);
    expect(headers["content-encoding"], name).toBe("gzip");
    expect(Number(headers["content-length"]), name).toBeLessThanOrEqual(bytesMax);
    expect(headers["cross-origin-resource-policy"], name).toBe("cross-origin");
    expect(headers["set-cookie"], name).toBeUndefined();
  }
  expect((await request.get("/js/other.js")).status()).toBe(404);
});

test("an event is answered to every origin, without credentials", async ({ request, demo }) => {
  const response = await request.post("/api/event", {
    headers: { origin: "https://somewhere.example", "content-type": "text/plain" },
    data: JSON.stringify({ n: "pageview", d: demo.site, u: `https://${demo.site}/` }),
  });
  const headers = response.headers();
  expect(headers["access-control-allow-origin"]).toBe("*");
  expect(headers["access-control-allow-credentials"]).toBeUndefined();
  expect(headers["set-cookie"]).toBeUndefined();
});
