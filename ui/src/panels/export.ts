// What is exported: breakdowns and the graph as CSV files that the browser saves.

import { allRows, type ReportQuery } from "../api/reports";
import type { Client } from "../api/client";
import type { TimeseriesResponse } from "../api/schema";
import { toCsv } from "../lib/csv";
import { saveText } from "../lib/save";
import { displayValue } from "../lib/values";
import { columnOf } from "./panels";

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
  saveText(`${site}-${dimension}.csv`, toCsv(header, rows), "text/csv");
}

/** Saves the points of the graph. */
export function exportSeries(site: string, report: TimeseriesResponse): void {
  const rows = report.points.map((point, index) => [
    point.at,
    point.value,
    report.comparison?.points[index]?.value ?? null,
  ]);
  const csv = toCsv(["Time", report.metric, "Compared"], rows);
  saveText(`${site}-${report.metric}.csv`, csv, "text/csv");
}
