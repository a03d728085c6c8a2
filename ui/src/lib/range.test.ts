import { describe, expect, test } from "vitest";
import {
  apiRange,
  formatSpan,
  includesToday,
  parseRange,
  PRESETS,
  printRange,
  rangeLabel,
  shiftRange,
} from "./range";

const TODAY = "2026-11-22";
const parse = (text: string) => parseRange(new URLSearchParams(text));

test("what is printed is parsed back", () => {
  for (const { id } of PRESETS) {
    const printed = Object.entries(printRange({ period: id })).flatMap(([name, value]) =>
      value === null ? [] : [[name, value]],
    );
    expect(parseRange(new URLSearchParams(printed))).toEqual({ period: id });
  }
  expect(parse("from=2026-01-01&to=2026-01-31")).toEqual({ from: "2026-01-01", to: "2026-01-31" });
});

test("nonsense in the address is the default range", () => {
  expect(parse("")).toEqual({ period: "28d" });
  expect(parse("period=fortnight")).toEqual({ period: "28d" });
  expect(parse("from=2026-02-01&to=2026-01-01")).toEqual({ period: "28d" });
  expect(parse("from=2026-02-31&to=2026-03-01")).toEqual({ period: "28d" });
});

test("the API gets dates for presets it does not have", () => {
  expect(apiRange({ period: "yesterday" }, TODAY)).toEqual({ period: "yesterday" });
  expect(apiRange({ period: "realtime" }, TODAY)).toEqual({ period: "day" });
  expect(apiRange({ period: "last_month" }, TODAY)).toEqual({
    from: "2026-10-01",
    to: "2026-10-31",
  });
  expect(apiRange({ period: "28d" }, TODAY)).toEqual({ period: "28d" });
});

test("only ranges with today in them move", () => {
  expect(includesToday({ period: "28d" }, TODAY)).toBe(false);
  expect(includesToday({ period: "month" }, TODAY)).toBe(true);
  expect(includesToday({ from: "2026-11-01", to: TODAY }, TODAY)).toBe(true);
  expect(includesToday({ from: "2026-11-01", to: "2026-11-21" }, TODAY)).toBe(false);
});

describe("a step", () => {
  test("of days goes by their number", () => {
    const span = { from: "2026-11-15", to: "2026-11-21" };
    expect(shiftRange({ period: "7d" }, span, -1, TODAY)).toEqual({
      from: "2026-11-08",
      to: "2026-11-14",
    });
    expect(shiftRange({ period: "7d" }, span, 1, TODAY)).toEqual({
      from: "2026-11-22",
      to: "2026-11-28",
    });
  });

  test("back from the month so far is the whole month before", () => {
    const span = { from: "2026-11-01", to: TODAY };
    expect(shiftRange({ period: "month" }, span, -1, TODAY)).toEqual({
      from: "2026-10-01",
      to: "2026-10-31",
    });
  });

  test("of a whole month is a month, however long", () => {
    const span = { from: "2026-03-01", to: "2026-03-31" };
    expect(shiftRange(span, span, -1, TODAY)).toEqual({ from: "2026-02-01", to: "2026-02-28" });
  });

  test("back from the year so far is the whole year before", () => {
    const span = { from: "2026-01-01", to: TODAY };
    expect(shiftRange({ period: "year" }, span, -1, TODAY)).toEqual({
      from: "2025-01-01",
      to: "2025-12-31",
    });
  });

  test("does not lead into the future, nor anywhere from all time", () => {
    const span = { from: TODAY, to: TODAY };
    expect(shiftRange({ period: "day" }, span, 1, TODAY)).toBeNull();
    expect(shiftRange({ period: "all" }, span, -1, TODAY)).toBeNull();
    expect(shiftRange({ period: "realtime" }, span, -1, TODAY)).toBeNull();
  });
});

test("spans have short names", () => {
  expect(formatSpan({ from: "2026-11-22", to: "2026-11-22" })).toBe("22 Nov 2026");
  expect(formatSpan({ from: "2026-10-01", to: "2026-10-31" })).toBe("October 2026");
  expect(formatSpan({ from: "2026-10-03", to: "2026-11-09" })).toBe("3 Oct – 9 Nov 2026");
  expect(formatSpan({ from: "2025-12-28", to: "2026-01-03" })).toBe("28 Dec 2025 – 3 Jan 2026");
  expect(rangeLabel({ period: "91d" })).toBe("Last 91 days");
});

test("no two presets share a key or an id", () => {
  expect(new Set(PRESETS.map((preset) => preset.key)).size).toBe(PRESETS.length);
  expect(new Set(PRESETS.map((preset) => preset.id)).size).toBe(PRESETS.length);
});
