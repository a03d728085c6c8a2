// What a page of somebody else can do with the browser of a signed-in user: nothing.

import type { APIRequestContext } from "@playwright/test";
import { signIn } from "../support/session";
import { ask, expect, openSite, panel, rowOf, rows, test, unique } from "../support/test";

const origin = (address: string) => new URL(address).origin;

const domains = async (request: APIRequestContext) => {
  const { items } = await ask(request, "/v1/sites");
  return items.map((site: { domain: string }) => site.domain);
};

// Refusals are reported on the hostile page's console.
test.use({ expectedComplaints: [/.*/] });

test.describe("with a session of its own", () => {
  test.use({ storageState: { cookies: [], origins: [] } });

  test("a foreign page can change nothing and read nothing", async ({ page, demo, serve }) => {
    const port = await serve({ "/": "<!doctype html><title>Hostile</title>" });
    await page.goto("/");
    await signIn(page, demo);
    // The first two are the same site as ours to the browser, which sends them our cookie: only the port differs.
    for (const host of ["127.0.0.1", "localhost", "hostile.test"]) {
      await page.goto(`http://${host}:${port}/`);
      const outcome = await page.evaluate(async (target) => {
        const attempt = async (path: string, options: RequestInit) => {
          try {
            return (await fetch(target + path, { credentials: "include", ...options })).type;
          } catch {
            return "refused";
          }
        };
        const body = JSON.stringify({ domain: "hostile.example" });
        const json = { "content-type": "application/json" };
        const text = { "content-type": "text/plain" };
        return {
          read: await attempt("/v1/sites", {}),
          session: await attempt("/v1/auth/session", {}),
          json: await attempt("/v1/sites", { method: "POST", headers: json, body }),
          text: await attempt("/v1/sites", { method: "POST", headers: text, body }),
          remove: await attempt("/v1/users/x", { method: "DELETE" }),
          hidden: await attempt("/v1/sites", {
            method: "POST",
            mode: "no-cors",
            headers: text,
            body,
          }),
          logout: await attempt("/v1/auth/logout", { method: "POST", mode: "no-cors" }),
        };
      }, origin(demo.url));
      const { hidden, logout, ...readable } = outcome;
      for (const [what, result] of Object.entries(readable))
        expect(result, `${what} from ${host}`).toBe("refused");
      // Of these two the browser tells the page nothing; that they did nothing is seen below.
      for (const result of [hidden, logout]) expect(["opaque", "refused"]).toContain(result);
    }
    await page.goto("/");
    await expect(page.getByRole("button", { name: "Sign out" })).toBeVisible();
    expect(await domains(page.request)).not.toContain("hostile.example");
  });
});

test("a form of a foreign page changes nothing", async ({ page, demo, serve }) => {
  const target = new URL("/v1/sites", demo.url).href;
  const port = await serve({
    "/": `<!doctype html><title>Hostile</title><form method="post" enctype="text/plain" action="${target}">
      <input name='{"domain":"form.example","x":"' value='"}'><button>Win</button></form>`,
  });
  await page.goto(`http://hostile.test:${port}/`);
  const [response] = await Promise.all([
    page.waitForResponse((response) => response.url() === target),
    page.getByRole("button", { name: "Win" }).click(),
  ]);
  expect(response.status()).toBeGreaterThanOrEqual(400);
  expect(await domains(page.request)).not.toContain("form.example");
});

test("no page of ours can be framed, or opened and held", async ({ page, demo, serve }) => {
  const port = await serve({
    "/": `<!doctype html><title>Hostile</title><iframe src="${demo.url}"></iframe>`,
  });
  await page.goto(`http://hostile.test:${port}/`);
  const frame = page.frames()[1];
  await expect.poll(() => frame!.url()).toBe("chrome-error://chromewebdata/");
  const held = await page.evaluate(async (target) => {
    const opened = window.open(target);
    await new Promise((done) => setTimeout(done));
    try {
      return opened?.location.href ?? null;
    } catch {
      return "cross-origin";
    } finally {
      opened?.close();
    }
  }, demo.url);
  expect(["cross-origin", "about:blank", null]).toContain(held);
});

test("events for a site are taken from its own pages only", async ({ page, demo, serve }) => {
  const port = await serve({ "/": "<!doctype html><title>Hostile</title>" });
  const name = unique("Forged");
  const send = (event: string) =>
    page.evaluate(
      async ([target, site, n]) => {
        const body = JSON.stringify({ n, d: site, u: `https://${site}/` });
        const options = { method: "POST", body, keepalive: true, credentials: "omit" } as const;
        return fetch(`${target}/api/event`, options)
          .then(({ status }) => status)
          .catch(() => 0);
      },
      [origin(demo.url), demo.site, event] as const,
    );
  await page.goto(`http://hostile.test:${port}/`);
  await send(name);
  await page.goto("/demo/");
  expect(await send(`${name}, not`)).toBe(202);
  const today = { period: "day" };
  await expect
    .poll(() => rowOf(page.request, demo.site, "event", `${name}, not`, today))
    .toMatchObject({ events: 1 });
  expect(await rowOf(page.request, demo.site, "event", name, today)).toBeUndefined();
});

test("what a visitor sends is shown as text and never run", async ({ page, demo }) => {
  const name = unique(`<img src=x onerror="document.title='run'"><b>Hostile</b>`);
  await page.goto("/demo/");
  const status = await page.evaluate(
    async ([site, n]) => {
      const body = JSON.stringify({ n, d: site, u: `https://${site}/` });
      return (await fetch("/api/event", { method: "POST", body })).status;
    },
    [demo.site, name] as const,
  );
  expect(status).toBe(202);
  await expect
    .poll(() => rowOf(page.request, demo.site, "event", name, { period: "day" }))
    .toMatchObject({ events: 1 });
  const filter = encodeURIComponent(name);
  await openSite(page, demo.site, `?period=day&f=is,event,${filter}`);
  await expect(rows(panel(page, "Events")).getByText(name)).toBeVisible();
  await expect(page.locator("img[src=x]")).toHaveCount(0);
  await expect(page).not.toHaveTitle("run");
});
