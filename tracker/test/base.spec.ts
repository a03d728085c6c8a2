// What the base file does on every site.

import { calls, controlVisibility, expect, recordCalls, show, test, track } from "./site";

test("a page view carries what the server needs and nothing else", async ({ page, site }) => {
  site.page("/bowls", "<p>Bowls</p>");
  await page.goto(site.at("/bowls?utm_source=letter"), { referer: "http://search.test/" });
  const [event] = await site.received("pageview");
  expect(event).toEqual({
    n: "pageview",
    d: "shop.test",
    u: site.at("/bowls?utm_source=letter"),
    r: "http://search.test/",
    w: page.viewportSize()!.width,
  });
});

test("an event goes to another origin without a preflight, a cookie or storage", async ({
  page,
  site,
  context,
}) => {
  site.page("/", "<p>Home</p>");
  await context.addCookies([{ name: "session", value: "secret", url: site.eventsAt("/") }]);
  await page.goto(site.at("/"));
  await track(page, "Signup");
  await site.received("pageview", "Signup");
  expect(site.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
    "POST /api/event",
    "POST /api/event",
  ]);
  for (const { headers } of site.requests) {
    expect(headers["content-type"]).toMatch(/^text\/plain/);
    expect(headers.cookie).toBeUndefined();
  }
  const kept = await page.evaluate(async () => ({
    cookie: document.cookie,
    stored: localStorage.length + sessionStorage.length,
    databases: (await indexedDB.databases()).length,
  }));
  expect(kept).toEqual({ cookie: "", stored: 0, databases: 0 });
});

test("data-api names another address", async ({ page, site }) => {
  site.page("/", "", { tag: site.tag(`data-api="${site.eventsAt("/elsewhere")}"`) });
  await page.goto(site.at("/"));
  await site.received("pageview");
  expect(site.requests.map(({ path }) => path)).toEqual(["/elsewhere"]);
});

test("not even the site's own cookies go with an event to its own origin", async ({
  page,
  site,
  context,
}) => {
  site.page("/", "", { tag: site.tag(`data-api="/collect"`) });
  await context.addCookies([{ name: "session", value: "secret", url: site.at("/") }]);
  await page.goto(site.at("/"));
  await site.received("pageview");
  expect(site.requests.map(({ path, headers }) => [path, headers.cookie])).toEqual([
    ["/collect", undefined],
  ]);
});

test("without data-domain the host names the site", async ({ page, site }) => {
  site.page("/", "", { tag: `<script defer src="${site.eventsAt("/js/script.js")}"></script>` });
  await page.goto(site.at("/"));
  const [event] = await site.received("pageview");
  expect(event!["d"]).toBe("shop.test");
});

test("an address longer than the server takes is cut", async ({ page, site }) => {
  site.page("/", "");
  await page.goto(site.at("/?q=" + "x".repeat(3000)));
  const [event] = await site.received("pageview");
  expect(event!["u"]).toHaveLength(2000);
});

test("the tag twice on a page counts once", async ({ page, site }) => {
  await recordCalls(page);
  site.page("/", "", { tag: site.tag() + site.tag() });
  await page.goto(site.at("/"));
  expect(await calls(page)).toEqual(["pageview"]);
});

test.describe("single-page application", () => {
  test("a move is a page view, with the page before it as its referrer", async ({ page, site }) => {
    site.page("/", "");
    await page.goto(site.at("/"), { referer: "http://search.test/" });
    await site.viewed("/");
    await page.evaluate(() => history.pushState({}, "", "/cart"));
    await site.viewed("/", "/cart");
    await page.evaluate(() => history.replaceState({}, "", "/done"));
    await site.viewed("/", "/cart", "/done");
    await page.evaluate(() => history.back());
    const views = await site.viewed("/", "/cart", "/done", "/");
    expect(views.map(({ r }) => r)).toEqual([
      "http://search.test/",
      site.at("/"),
      site.at("/cart"),
      site.at("/done"),
    ]);
  });

  test("a changed query or a repeated state is the same page", async ({ page, site }) => {
    await recordCalls(page);
    site.page("/", "");
    await page.goto(site.at("/"));
    await page.evaluate(() => {
      history.replaceState({ scroll: 1 }, "");
      history.pushState({}, "", "/?sort=price");
      location.hash = "reviews";
    });
    expect(await calls(page)).toEqual(["pageview"]);
    await page.evaluate(() => history.pushState({}, "", "/cart"));
    expect((await calls(page)).filter((name) => name == "pageview")).toHaveLength(2);
  });

  test("the application's own wrapper of pushState still runs", async ({ page, site }) => {
    site.page("/", "");
    await page.goto(site.at("/"));
    const state = await page.evaluate(
      () => (history.pushState({ step: 2 }, "", "/cart"), history.state),
    );
    expect(state).toEqual({ step: 2 });
  });

  test("a return from the back/forward cache is a page view", async ({ page, site }) => {
    site.page("/", "");
    await page.goto(site.at("/"));
    await site.received("pageview");
    await page.evaluate(() =>
      dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true })),
    );
    await site.viewed("/", "/");
  });
});

test.describe("custom events", () => {
  test("with props, revenue, another address, and an answer", async ({ page, site }) => {
    site.page("/", "");
    await page.goto(site.at("/"));
    await site.received("pageview");
    const status = await page.evaluate(
      () =>
        new Promise((callback) =>
          (window as any).plausible("Purchase", {
            props: { size: "large", gift: true },
            revenue: { currency: "EUR", amount: "39.90" },
            interactive: false,
            u: "https://shop.test/virtual",
            callback,
          }),
        ),
    );
    expect(status).toEqual({ status: 202 });
    const [, event] = await site.received("pageview", "Purchase");
    expect(event).toMatchObject({
      u: "https://shop.test/virtual",
      p: { size: "large", gift: true },
      $: { currency: "EUR", amount: "39.90" },
      i: false,
    });
  });

  test("in the manner of Mallard", async ({ page, site }) => {
    site.page("/", "");
    await page.goto(site.at("/"));
    await page.evaluate(() =>
      (window as any).mallard("Purchase", {
        url: "https://shop.test/b",
        revenue: 12.5,
        currency: "SEK",
        props: { a: 1 },
      }),
    );
    const [, event] = await site.received("pageview", "Purchase");
    expect(event).toMatchObject({
      u: "https://shop.test/b",
      $: { currency: "SEK", amount: 12.5 },
      p: { a: 1 },
    });
  });

  test("an amount without its currency is left out, the event is not", async ({ page, site }) => {
    site.page("/", "");
    await page.goto(site.at("/"));
    await track(page, "Purchase", { revenue: 12.5 });
    const [, event] = await site.received("pageview", "Purchase");
    expect(event).not.toHaveProperty("$");
  });

  test("calls before the script has loaded are kept", async ({ page, site }) => {
    const stub = (name: string) =>
      `<script>window.${name}=window.${name}||function(){(window.${name}.q=window.${name}.q||[]).push(arguments)}</script>`;
    site.page(
      "/",
      `<script>plausible("Early", { props: { step: "1" } }); mallard("Older")</script>`,
      {
        tag: stub("plausible") + stub("mallard") + stub("shelduck") + site.tag(),
      },
    );
    await page.goto(site.at("/"));
    const [, early] = await site.received("pageview", "Early", "Older");
    expect(early!["p"]).toEqual({ step: "1" });
  });

  test("what cannot be sent is told, and does not break the page", async ({ page, site }) => {
    const errors: Error[] = [];
    page.on("pageerror", (error) => errors.push(error));
    site.page("/", "");
    await page.goto(site.at("/"));
    const result = await page.evaluate(() => {
      const circular: Record<string, unknown> = {};
      circular["self"] = circular;
      return new Promise<object>((callback) =>
        (window as any).shelduck("Bad", { props: circular, callback }),
      );
    });
    expect(result).toHaveProperty("error");
    await track(page, "Good");
    await site.received("pageview", "Good");
    expect(errors).toEqual([]);
  });
});

test.describe("visibility", () => {
  test("a page opened in the background counts when it is seen, once", async ({ page, site }) => {
    await recordCalls(page);
    await controlVisibility(page, "hidden");
    site.page("/", "");
    await page.goto(site.at("/"));
    await track(page, "Early");
    expect(await calls(page)).toEqual([]);
    await show(page, "visible");
    expect(await calls(page)).toEqual(["pageview", "Early"]);
    await show(page, "hidden");
    await show(page, "visible");
    expect((await calls(page)).filter((name) => name == "pageview")).toHaveLength(1);
  });
});

test.describe("engagement", () => {
  const long = `<div style="height:4000px;margin:0">long</div><style>body{margin:0}</style>`;

  test("the time in front of the visitor is counted, the time away is not", async ({
    page,
    site,
  }) => {
    await page.clock.install();
    await controlVisibility(page, "visible");
    site.page("/", long);
    await page.goto(site.at("/"));
    await site.received("pageview");
    // The clock follows the real one a little; only the seconds it is told to run are large.
    const begun = await page.evaluate(() => performance.now());
    await page.clock.pauseAt(Date.now() + 60_000);
    const paused = await page.evaluate(() => performance.now());
    await page.clock.runFor(5_000);
    await show(page, "hidden");
    await site.received("pageview", "engagement");
    await page.clock.runFor(600_000);
    await show(page, "visible");
    await page.clock.runFor(2_000);
    await show(page, "hidden");
    const [, first, second] = await site.received("pageview", "engagement", "engagement");
    expect(first!["e"]).toBeGreaterThanOrEqual(Math.floor(paused - begun) + 5_000);
    expect(first!["e"]).toBeLessThanOrEqual(Math.ceil(paused) + 5_000);
    expect(second!["e"]).toBe(2_000);
  });

  test("the deepest scroll is sent in percent of the page", async ({ page, site }) => {
    await page.setViewportSize({ width: 800, height: 1000 });
    await controlVisibility(page, "visible");
    site.page("/", long);
    await page.goto(site.at("/"));
    await show(page, "hidden");
    await site.received("pageview", "engagement");
    await show(page, "visible");
    await page.evaluate(() => {
      scrollTo(0, 2000);
      return new Promise((done) => document.addEventListener("scrollend", done, { once: true }));
    });
    await page.evaluate(() => scrollTo(0, 0));
    await show(page, "hidden");
    const events = await site.received("pageview", "engagement", "engagement");
    expect(events.slice(1).map(({ sd }) => sd)).toEqual([25, 75]);
  });

  test("leaving the page sends it", async ({ page, site }) => {
    site.page("/", long);
    site.page("/next", "", { tag: "" });
    await page.goto(site.at("/"));
    await site.received("pageview");
    await page.goto(site.at("/next"));
    const [, event] = await site.received("pageview", "engagement");
    expect(event).toMatchObject({ u: site.at("/"), d: "shop.test" });
    expect(event!["e"]).toBeGreaterThanOrEqual(0);
  });

  test("a move within the application closes the page before it", async ({ page, site }) => {
    site.page("/", long);
    await page.goto(site.at("/"));
    await page.evaluate(() => history.pushState({}, "", "/cart"));
    const [, , engagement] = await site.received("pageview", "pageview", "engagement");
    expect(engagement!["u"]).toBe(site.at("/"));
  });
});
