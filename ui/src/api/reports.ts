// The reports of a site.

import { path, type Client, type Query } from "./client";
import type {
  BreakdownResponse,
  DimensionItemList,
  OverviewResponse,
  RealtimeResponse,
  SiteStatusResponse,
  TimeseriesResponse,
} from "./schema";

/** Parameters that all reports share: range, filters, comparison. */
export type ReportQuery = Query;

export function overview(client: Client, site: string, query: ReportQuery, signal?: AbortSignal) {
  return client.get<OverviewResponse>(path("sites", site, "overview"), query, signal);
}

export function timeseries(client: Client, site: string, query: ReportQuery, signal?: AbortSignal) {
  return client.get<TimeseriesResponse>(path("sites", site, "timeseries"), query, signal);
}

export function breakdown(
  client: Client,
  site: string,
  dimension: string,
  query: ReportQuery,
  signal?: AbortSignal,
) {
  return client.get<BreakdownResponse>(path("sites", site, "breakdown", dimension), query, signal);
}

/** All rows of a breakdown, page after page, up to `rowsMax`. */
export async function allRows(
  client: Client,
  site: string,
  dimension: string,
  query: ReportQuery,
  rowsMax = 20_000,
) {
  const items: BreakdownResponse["items"] = [];
  let cursor: string | null | undefined;
  do {
    const page = await breakdown(client, site, dimension, { ...query, limit: 1000, cursor });
    items.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor && items.length < rowsMax);
  return items;
}

export function realtime(client: Client, site: string, filters?: string, signal?: AbortSignal) {
  return client.get<RealtimeResponse>(path("sites", site, "realtime"), { filters }, signal);
}

export function status(client: Client, site: string, signal?: AbortSignal) {
  return client.get<SiteStatusResponse>(path("sites", site, "status"), {}, signal);
}

export function dimensions(client: Client, signal?: AbortSignal) {
  return client.get<DimensionItemList>(path("dimensions"), {}, signal);
}
