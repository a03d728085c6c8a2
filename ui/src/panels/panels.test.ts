import { expect, test } from "vitest";
import { columnOf, PANELS, selectedTab, tabDimension, titleOf } from "./panels";

const panel = (id: string) => {
  const found = PANELS.find((each) => each.id === id);
  if (!found) throw new Error(`no panel ${id}`);
  return found;
};

test("a panel shows the tab of the address, else its first", () => {
  expect(selectedTab(panel("sources"), "referrer").label).toBe("Referrers");
  expect(selectedTab(panel("sources"), null).label).toBe("Channels");
  expect(selectedTab(panel("sources"), "nonsense").label).toBe("Channels");
});

test("a choice behind a tab selects it", () => {
  const tab = selectedTab(panel("sources"), "utm_medium");
  expect(tab.label).toBe("Campaigns");
  expect(tabDimension(tab, "utm_medium")).toBe("utm_medium");
  expect(tabDimension(tab, null)).toBe("utm_campaign");
});

test("the map asks for countries", () => {
  expect(tabDimension(selectedTab(panel("locations"), null), null)).toBe("country");
});

test("dimensions have names for one and for many", () => {
  expect([columnOf("page"), titleOf("page")]).toEqual(["Page", "Top pages"]);
  expect([columnOf("utm_source"), titleOf("utm_source")]).toEqual(["UTM source", "UTM sources"]);
  expect([columnOf("os_version"), titleOf("os_version")]).toEqual(["Version", "Versions"]);
  expect(columnOf("something_new")).toBe("something_new");
});

test("no parameter of the address is used twice", () => {
  const taken = ["f", "period", "from", "to", "compare", "interval", "metric", "details"];
  const names = [...taken, ...PANELS.map((each) => each.id)];
  expect(new Set(names).size).toBe(names.length);
});
