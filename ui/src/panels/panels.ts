// The panels of the web page: one row each, from which the page, its address, the dialogs and the
// export menu are made.

import type { BreakdownItem } from "../api/schema";

export interface Tab {
  /** A dimension of the API, or `map`, and the value of the panel's parameter in the address. */
  id: string;
  label: string;
  /** The dimension asked for, where it is not the id. */
  dimension?: string;
  /** Shown instead while a filter asks for exactly one value of this tab. */
  drill?: string;
  /** Several dimensions behind one tab, chosen with a list. */
  choices?: readonly { id: string; label: string }[];
  /** What the first column is called. */
  column: string;
}

export interface PanelRow {
  id: string;
  title: string;
  tabs: readonly [Tab, ...Tab[]];
  /** As wide as the page. */
  wide?: boolean;
  /** What a row counts beside visitors. */
  second?: "pageviews" | "events";
  /** A value that is counted elsewhere on the page and would only dwarf the others; the dialog has it. */
  omit?: string;
}

export const PANELS: readonly PanelRow[] = [
  {
    id: "sources",
    title: "Sources",
    tabs: [
      { id: "channel", label: "Channels", column: "Channel" },
      { id: "source", label: "Sources", column: "Source", drill: "referrer" },
      { id: "referrer", label: "Referrers", column: "Referrer" },
      {
        id: "utm_campaign",
        label: "Campaigns",
        column: "Campaign",
        choices: [
          { id: "utm_campaign", label: "UTM campaigns" },
          { id: "utm_source", label: "UTM sources" },
          { id: "utm_medium", label: "UTM media" },
          { id: "utm_content", label: "UTM contents" },
          { id: "utm_term", label: "UTM terms" },
        ],
      },
    ],
  },
  {
    id: "pages",
    title: "Pages",
    tabs: [
      { id: "page", label: "Top pages", column: "Page" },
      { id: "entry_page", label: "Entry pages", column: "Entry page" },
      { id: "exit_page", label: "Exit pages", column: "Exit page" },
      { id: "hostname", label: "Hosts", column: "Host" },
    ],
  },
  {
    id: "locations",
    title: "Locations",
    tabs: [
      { id: "map", label: "Map", column: "Country", dimension: "country" },
      { id: "country", label: "Countries", column: "Country" },
      { id: "region", label: "Regions", column: "Region" },
      { id: "city", label: "Cities", column: "City" },
      { id: "language", label: "Languages", column: "Language" },
    ],
  },
  {
    id: "devices",
    title: "Devices",
    tabs: [
      { id: "browser", label: "Browsers", column: "Browser", drill: "browser_version" },
      { id: "os", label: "Systems", column: "Operating system", drill: "os_version" },
      { id: "device", label: "Devices", column: "Device" },
      { id: "screen", label: "Screens", column: "Screen" },
    ],
  },
  {
    id: "events",
    title: "Events",
    tabs: [{ id: "event", label: "Events", column: "Event" }],
    wide: true,
    second: "events",
    omit: "pageview",
  },
];

/** The tab of a panel that the address asks for. */
export function selectedTab(panel: PanelRow, choice: string | null): Tab {
  const hasChoice = (tab: Tab) => tab.choices?.some((each) => each.id === choice) ?? false;
  return panel.tabs.find((tab) => tab.id === choice || hasChoice(tab)) ?? panel.tabs[0];
}

/** The dimension a tab shows, before any drill-down. */
export function tabDimension(tab: Tab, choice: string | null): string {
  return tab.choices?.find((each) => each.id === choice)?.id ?? tab.dimension ?? tab.id;
}

/** What all rows of a dimension are called together. */
export function titleOf(dimension: string): string {
  const tabs = PANELS.flatMap((panel) => panel.tabs as readonly Tab[]);
  const choice = tabs.flatMap((tab) => tab.choices ?? []).find((each) => each.id === dimension);
  if (choice) return choice.label;
  if (dimension.endsWith("_version")) return "Versions";
  return tabs.find((tab) => tab.id === dimension)?.label ?? dimension;
}

/** What a dimension's column is called, wherever it is shown. */
export function columnOf(dimension: string): string {
  const tabs = PANELS.flatMap((panel) => panel.tabs as readonly Tab[]);
  const choice = tabs.flatMap((tab) => tab.choices ?? []).find((each) => each.id === dimension);
  if (choice) return choice.label.replace(/s$/, "");
  if (dimension.endsWith("_version")) return "Version";
  return tabs.find((tab) => tab.id === dimension)?.column ?? dimension;
}

/** The columns of the dialog with all rows, as the API sorts by them. */
export const COLUMNS: readonly {
  sort: string;
  label: string;
  unit: "count" | "percent" | "seconds";
  value: (item: BreakdownItem) => number | null | undefined;
}[] = [
  { sort: "visitors", label: "Visitors", unit: "count", value: (item) => item.visitors },
  { sort: "visits", label: "Visits", unit: "count", value: (item) => item.visits },
  { sort: "pageviews", label: "Pageviews", unit: "count", value: (item) => item.pageviews },
  { sort: "bounce_rate", label: "Bounce rate", unit: "percent", value: (item) => item.bounce_rate },
  {
    sort: "visit_duration",
    label: "Visit duration",
    unit: "seconds",
    value: (item) => item.visit_duration_s,
  },
];
