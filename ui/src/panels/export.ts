// What is exported: breakdowns and the graph as CSV files that the browser saves.

import { allRows, type ReportQuery } from "../api/reports";
import type { Client } from "../api/client";
import type { TimeseriesResponse } from "../api/schema";
import { toCsv } from "../lib/csv";
import { displayValue } from "../lib/values";
import { columnOf } from "./panels";

/** Lets the browser save text as a file. */
function save(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The browser needs the address until it has taken the data.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Saves all rows of a dimension under the range and filters of the page. */
export async function exportBreakdown(
  client: Client,
  site: string,
  dimension: string,
  query: ReportQuery,
): Promise<void> {
  const items = await allRows(client, site, dimension, query);
  const header = [
    columnOf(dimension),
    "Name",
    "Visitors",
    "Visits",
    "Pageviews",
    "Events",
    "Bounce rate (%)",
    "Visit duration (s)",
    "Share of visitors (%)",
  ];
  const rows = items.map((item) => [
    item.value,
    displayValue(dimension, item.value, item.label),
    item.visitors,
    item.visits,
    item.pageviews,
    item.events,
    item.bounce_rate,
    item.visit_duration_s,
    item.percentage,
  ]);
  save(`${site}-${dimension}.csv`, toCsv(header, rows));
}

/** Saves the points of the graph. */
export function exportSeries(site: string, report: TimeseriesResponse): void {
  const rows = report.points.map((point, index) => [
    point.at,
    point.value,
    report.comparison?.points[index]?.value ?? null,
  ]);
  save(`${site}-${report.metric}.csv`, toCsv(["Time", report.metric, "Compared"], rows));
}
