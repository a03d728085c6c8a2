import { describe, expect, test } from "vitest";
import {
  apiFilters,
  isSelected,
  parseFilters,
  printFilter,
  toggleFilter,
  type Filter,
} from "./filters";

const is = (dimension: string, ...values: string[]): Filter => ({
  operator: "is",
  dimension,
  values,
});

/** Through an address bar and back. */
function roundTrip(filters: Filter[]): Filter[] {
  const params = new URLSearchParams();
  for (const filter of filters) params.append("f", printFilter(filter));
  return parseFilters(new URLSearchParams(params.toString()));
}

test("filters survive the address bar, whatever is in them", () => {
  const filters: Filter[] = [
    is("page", "/a,b", "/50%", "/ä ö?x=1&y=#z"),
    { operator: "contains_not", dimension: "source", values: ["Hacker News"] },
    is("utm_term", ""),
  ];
  expect(roundTrip(filters)).toEqual(filters);
});

test("addresses stay readable", () => {
  expect(printFilter(is("page", "/blog/post"))).toBe("is,page,/blog/post");
});

test("nonsense is left out", () => {
  expect(
    parseFilters(new URLSearchParams("f=&f=is&f=is,page&f=like,page,x&f=is,page,%25E0%25A4")),
  ).toEqual([]);
});

test("the API gets arrays, and nothing when there are none", () => {
  expect(apiFilters([])).toBeUndefined();
  expect(apiFilters([is("country", "DE", "")])).toBe('[["is","country",["DE",""]]]');
});

describe("a click on a row", () => {
  test("sets the filter, and again removes it", () => {
    const set = toggleFilter([], "country", "DE", false);
    expect(set).toEqual([is("country", "DE")]);
    expect(isSelected(set, "country", "DE")).toBe(true);
    expect(toggleFilter(set, "country", "DE", false)).toEqual([]);
  });

  test("replaces another value, or joins it when extended", () => {
    expect(toggleFilter([is("country", "DE")], "country", "FR", false)).toEqual([
      is("country", "FR"),
    ]);
    expect(toggleFilter([is("country", "DE")], "country", "FR", true)).toEqual([
      is("country", "DE", "FR"),
    ]);
  });

  test("takes one of several values away and leaves the others", () => {
    expect(toggleFilter([is("country", "DE", "FR")], "country", "DE", false)).toEqual([
      is("country", "FR"),
    ]);
  });

  test("leaves other filters alone", () => {
    const others: Filter[] = [
      { operator: "is_not", dimension: "country", values: ["DE"] },
      is("page", "/"),
    ];
    expect(toggleFilter(others, "country", "FR", false)).toEqual([...others, is("country", "FR")]);
  });
});
