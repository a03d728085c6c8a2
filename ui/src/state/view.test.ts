import { beforeEach, expect, test, vi } from "vitest";
import { Pulse } from "./pulse.svelte";
import { Router } from "./router.svelte";
import { View } from "./view.svelte";

/** The browser's address bar. */
const browser = { href: "", entries: 0 };

function open(search: string): { view: View; router: Router } {
  browser.href = `https://stats.example/sites/a.example${search}`;
  browser.entries = 1;
  const router = new Router();
  const view = new View(
    router,
    new Pulse(),
    () => "a.example",
    () => "Europe/Berlin",
  );
  return { view, router };
}

const search = () => decodeURIComponent(new URL(browser.href).search);

beforeEach(() => {
  vi.useFakeTimers({ now: new Date("2026-11-22T23:30:00Z"), toFake: ["Date"] });
  vi.stubGlobal("location", {
    get href() {
      return browser.href;
    },
  });
  vi.stubGlobal("scrollTo", vi.fn());
  vi.stubGlobal("history", {
    pushState: (_state: null, _title: string, url: URL) => {
      browser.href = url.href;
      browser.entries += 1;
    },
    replaceState: (_state: null, _title: string, url: URL) => (browser.href = url.href),
  });
});

test("an address without parameters is the default view", () => {
  const { view } = open("");
  expect(view.query).toEqual({ period: "28d", filters: undefined, compare: null });
  expect(view.metric.id).toBe("visitors");
  expect(view.moving).toBe(false);
});

test("the address says everything", () => {
  const { view } = open("?period=month&compare=year&metric=bounce_rate&f=is,page,/a,/b");
  expect(view.query).toEqual({
    period: "month",
    filters: '[["is","page",["/a","/b"]]]',
    compare: "year",
  });
  expect(view.metric.id).toBe("bounce_rate");
  expect(view.moving).toBe(true);
});

test("today is the site's, not the reader's", () => {
  const { view } = open("?period=last_month");
  expect(view.today).toBe("2026-11-23");
  expect(view.query).toMatchObject({ from: "2026-10-01", to: "2026-10-31" });
});

test("another range forgets the interval and keeps the rest", () => {
  const { view } = open("?period=day&interval=minute&f=is,country,DE&sources=referrer");
  view.setRange({ period: "7d" });
  expect(search()).toBe("?f=is,country,DE&sources=referrer&period=7d");
  view.setRange({ period: "28d" });
  expect(search()).toBe("?f=is,country,DE&sources=referrer");
  expect(browser.entries).toBe(3);
});

test("a filter is set, joined and removed", () => {
  const { view } = open("?period=7d");
  view.toggle("page", "/a", false);
  expect(search()).toBe("?period=7d&f=is,page,/a");
  view.toggle("page", "/b,c", true);
  expect(view.filters).toEqual([{ operator: "is", dimension: "page", values: ["/a", "/b,c"] }]);
  view.toggle("page", "/a", false);
  view.toggle("page", "/b,c", false);
  expect(search()).toBe("?period=7d");
});

test("a filter from a dialog closes the dialog", () => {
  const { view } = open("?details=page");
  view.toggle("page", "/a", false, "details");
  expect(search()).toBe("?f=is,page,/a");
});

test("small choices leave no trace in the history", () => {
  const { view } = open("");
  view.setMetric("visits");
  view.choose("sources", "referrer");
  expect(search()).toBe("?metric=visits&sources=referrer");
  expect(browser.entries).toBe(1);
});

test("an interval that does not fit the range is left to the server", () => {
  const { view } = open("?interval=minute");
  view.resolved = {
    from: "2026-10-25",
    to: "2026-11-21",
    period: "28d",
    time_zone: "Europe/Berlin",
  };
  expect(view.intervals).toEqual(["day", "week"]);
  expect(view.interval).toBeNull();
  view.nextInterval("day");
  expect(view.interval).toBe("week");
  view.nextInterval("week");
  expect(view.interval).toBe("day");
});

test("a step needs to know where it starts", () => {
  const { view } = open("?period=7d");
  view.shift(-1);
  expect(search()).toBe("?period=7d");
  view.resolved = {
    from: "2026-11-16",
    to: "2026-11-22",
    period: "7d",
    time_zone: "Europe/Berlin",
  };
  view.shift(-1);
  expect(search()).toBe("?from=2026-11-09&to=2026-11-15");
});

test("a range that is over does not beat", () => {
  const { view } = open("?period=yesterday");
  expect(view.beat).toBeNull();
});
