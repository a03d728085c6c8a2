// When the tracker says nothing. Each case shows that the same page speaks without the reason for silence.

import { expect, type Page } from "@playwright/test";
import { calls, recordCalls, test, track } from "./site";

const everything = async (page: Page, address: string) => {
  await page.goto(address);
  await track(page, "Signup");
  return calls(page);
};

const SPOKEN = ["pageview", "Signup"];

for (const flag of ["plausible_ignore", "shelduck_ignore"]) {
  test(`localStorage.${flag}`, async ({ page, site }) => {
    await recordCalls(page);
    site.page("/", "");
    expect(await everything(page, site.at("/"))).toEqual(SPOKEN);
    await page.evaluate((name) => localStorage.setItem(name, "true"), flag);
    expect(await everything(page, site.at("/"))).toEqual([]);
    await page.evaluate((name) => localStorage.setItem(name, "false"), flag);
    expect(await everything(page, site.at("/"))).toEqual(SPOKEN);
  });
}

test("storage that may not be read is no opt-out", async ({ page, site }) => {
  await recordCalls(page);
  await page.addInitScript(() => {
    Object.defineProperty(window, "localStorage", {
      get: () => {
        throw new DOMException("denied", "SecurityError");
      },
    });
  });
  site.page("/", "");
  expect(await everything(page, site.at("/"))).toEqual(SPOKEN);
});

for (const [attribute, property, value] of [
  ["data-dnt", "doNotTrack", "1"],
  ["data-gpc", "globalPrivacyControl", true],
] as const) {
  test(`${attribute} respects navigator.${property}`, async ({ page, site }) => {
    await recordCalls(page);
    site.page("/asks", "", { tag: site.tag(attribute) });
    site.page("/", "");
    expect(await everything(page, site.at("/asks"))).toEqual(SPOKEN);
    await page.addInitScript(
      ([name, set]) => Object.defineProperty(navigator, name, { get: () => set }),
      [property, value] as const,
    );
    expect(await everything(page, site.at("/asks"))).toEqual([]);
    expect(await everything(page, site.at("/"))).toEqual(SPOKEN);
  });
}

for (const host of ["localhost", "127.0.0.1"]) {
  test(`${host}, unless the tag allows it`, async ({ page, site }) => {
    await recordCalls(page);
    site.page("/", "");
    site.page("/attribute", "", { tag: site.tag("data-allow-local") });
    site.page("/name", "", { tag: site.tag("", "plausible.local.js") });
    expect(await everything(page, site.at("/", host))).toEqual([]);
    expect(await everything(page, site.at("/attribute", host))).toEqual(SPOKEN);
    expect(await everything(page, site.at("/name", host))).toEqual(SPOKEN);
  });
}

test("a name that only begins like a local one is not local", async ({ page, site }) => {
  await recordCalls(page);
  site.page("/", "");
  expect(await everything(page, site.at("/", "localhost.shop.test"))).toEqual(SPOKEN);
});

test("an automated browser, unless the tag allows it", async ({ page, site }) => {
  await recordCalls(page);
  await page.addInitScript(() =>
    Object.defineProperty(navigator, "webdriver", { get: () => true }),
  );
  site.page("/", "");
  site.page("/allowed", "", { tag: site.tag("data-allow-local") });
  expect(await everything(page, site.at("/"))).toEqual([]);
  expect(await everything(page, site.at("/allowed"))).toEqual(SPOKEN);
});

test("a silenced event still calls back", async ({ page, site }) => {
  site.page("/", "");
  await page.goto(site.at("/", "localhost"));
  const called = await page.evaluate(
    () =>
      new Promise((done) => (window as any).shelduck("Signup", { callback: () => done("called") })),
  );
  expect(called).toBe("called");
});
