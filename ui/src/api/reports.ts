// The reports of a site.

import { path, type Client, type Query } from "./client";
import type {
  Breakdown,
  Dimension,
  Overview,
  Page,
  Realtime,
  SiteStatus,
  Timeseries,
} from "./schema";

/** Parameters that all reports share: range, filters, comparison. */
export type ReportQuery = Query;

export function overview(client: Client, site: string, query: ReportQuery, signal?: AbortSignal) {
  return client.get<Overview>(path("sites", site, "overview"), query, signal);
}

export function timeseries(client: Client, site: string, query: ReportQuery, signal?: AbortSignal) {
  return client.get<Timeseries>(path("sites", site, "timeseries"), query, signal);
}

export function breakdown(
  client: Client,
  site: string,
  dimension: string,
  query: ReportQuery,
  signal?: AbortSignal,
) {
  return client.get<Breakdown>(path("sites", site, "breakdown", dimension), query, signal);
}

/** All rows of a breakdown, page after page, up to `rowsMax`. */
export async function allRows(
  client: Client,
  site: string,
  dimension: string,
  query: ReportQuery,
  rowsMax = 20_000,
) {
  const items: Breakdown["items"] = [];
  let cursor: string | null | undefined;
  do {
    const page = await breakdown(client, site, dimension, { ...query, limit: 1000, cursor });
    items.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor && items.length < rowsMax);
  return items;
}

export function realtime(client: Client, site: string, filters?: string, signal?: AbortSignal) {
  return client.get<Realtime>(path("sites", site, "realtime"), { filters }, signal);
}

export function status(client: Client, site: string, signal?: AbortSignal) {
  return client.get<SiteStatus>(path("sites", site, "status"), {}, signal);
}

export function dimensions(client: Client, signal?: AbortSignal) {
  return client.get<Page<Dimension>>(path("dimensions"), {}, signal);
}
