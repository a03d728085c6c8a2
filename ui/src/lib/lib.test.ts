import { expect, test } from "vitest";
import { describeAgent } from "./agent";
import { bucketDate, intervalsFor, longLabel, shortLabel } from "./buckets";
import { countryName, countryOfShape } from "./countries";
import { toCsv } from "./csv";
import { matchPath, matchRoute } from "./match";
import { metricById, METRICS } from "./metrics";
import { shortcutKey, SHORTCUTS } from "./shortcuts";
import { displayValue, valueCode } from "./values";

test("buckets are named by the site's own clock", () => {
  const at = "2026-11-22T23:00:00-08:00";
  expect(bucketDate(at)).toBe("2026-11-22");
  expect(shortLabel(at, "hour")).toBe("23:00");
  expect(longLabel(at, "hour")).toBe("Sun, 22 Nov 2026, 23:00");
  expect(shortLabel(at, "day")).toBe("22 Nov");
  expect(longLabel("2026-11-16T00:00:00Z", "week")).toBe("Week of Mon, 16 Nov 2026");
  expect(longLabel("2026-11-01T00:00:00Z", "month")).toBe("November 2026");
});

test("every span has intervals that fit it", () => {
  expect(intervalsFor(1)).toEqual(["minute", "hour"]);
  expect(intervalsFor(28)).toEqual(["day", "week"]);
  expect(intervalsFor(366)).toContain("month");
  expect(intervalsFor(2000)).toEqual(["week", "month"]);
});

test("CSV quotes what must be quoted, and disarms formulas", () => {
  const text = toCsv(
    ["Page", "Visitors"],
    [
      ['/a,"b"', 3],
      ["=1+1", null],
      ["-x", 0],
    ],
  );
  expect(text).toBe('Page,Visitors\r\n"/a,""b""",3\r\n\'=1+1,\r\n\'-x,0\r\n');
});

test("countries have names and shapes have countries", () => {
  expect(countryName("DE")).toBe("Germany");
  expect(countryName("somewhere")).toBe("somewhere");
  expect(countryOfShape("276", "Germany")).toBe("DE");
  expect(countryOfShape(undefined, "Kosovo")).toBe("XK");
  expect(countryOfShape(undefined, "Somaliland")).toBeNull();
});

test("values are called what people call them", () => {
  expect(displayValue("source", null)).toBe("Direct / None");
  expect(displayValue("utm_term", "")).toBe("(none)");
  expect(displayValue("country", "FR")).toBe("France");
  expect(displayValue("language", "pt-BR")).toBe("Brazilian Portuguese");
  expect(displayValue("language", "not a tag")).toBe("not a tag");
  expect(displayValue("screen", "576-767")).toBe("576–767 px");
  expect(displayValue("region", "DE-BE", "Berlin")).toBe("Berlin");
  expect(displayValue("page", "/a")).toBe("/a");
  expect(valueCode("country", "FR")).toBe("FR");
  expect(valueCode("page", "/a")).toBe("");
});

test("paths match patterns", () => {
  expect(matchPath("/sites/:site", "/sites/a.example")).toEqual({ site: "a.example" });
  expect(matchPath("/sites/:site", "/sites/a%2Fb/")).toEqual({ site: "a/b" });
  expect(matchPath("/sites/:site", "/sites/%E0%A4%A")).toBeNull();
  expect(matchPath("/sites/:site", "/sites")).toBeNull();
  expect(matchPath("/", "/")).toEqual({});
  const routes = [{ path: "/" }, { path: "/sites/:site/settings" }];
  expect(matchRoute(routes, "/sites/x/settings")?.route).toBe(routes[1]);
  expect(matchRoute(routes, "/nothing")).toBeNull();
});

test("an unknown metric is the first", () => {
  expect(metricById("bounce_rate").unit).toBe("percent");
  expect(metricById("nonsense")).toBe(METRICS[0]);
  expect(metricById(null)).toBe(METRICS[0]);
});

test("shortcuts leave other keys alone", () => {
  const press = {
    key: "X",
    ctrlKey: false,
    metaKey: false,
    altKey: false,
    defaultPrevented: false,
  };
  const within = (inside: boolean) =>
    ({ closest: () => (inside ? {} : null) }) as unknown as EventTarget;
  expect(shortcutKey({ ...press, target: null })).toBe("x");
  expect(shortcutKey({ ...press, target: within(false) })).toBe("x");
  expect(shortcutKey({ ...press, target: within(true) })).toBeNull();
  expect(shortcutKey({ ...press, ctrlKey: true, target: null })).toBeNull();
  expect(shortcutKey({ ...press, key: "ArrowLeft", target: null })).toBe("ArrowLeft");
  expect(shortcutKey({ ...press, defaultPrevented: true, target: null })).toBeNull();
});

test("no key does two things", () => {
  expect(new Set(SHORTCUTS.map((shortcut) => shortcut.key)).size).toBe(SHORTCUTS.length);
});

test("user agents have short names", () => {
  expect(
    describeAgent("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
  ).toBe("Firefox on Linux");
  expect(describeAgent("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0")).toBe(
    "Edge on Windows",
  );
  expect(describeAgent("curl/8.0")).toBe("curl/8.0");
  expect(describeAgent(null)).toBe("Unknown");
});
