// What the web page shows, read from the address and changed by navigating.

import type { ReportQuery } from "../api/reports";
import type { RangeResponse } from "../api/schema";
import { INTERVALS, intervalsFor, type Interval } from "../lib/buckets";
import { dateIn, daysBetween } from "../lib/dates";
import { apiFilters, parseFilters, printFilter, toggleFilter, type Filter } from "../lib/filters";
import { metricById, type Metric, type MetricId } from "../lib/metrics";
import {
  apiRange,
  includesToday,
  parseRange,
  printRange,
  shiftRange,
  type RangeChoice,
} from "../lib/range";
import type { Pulse } from "./pulse.svelte";
import type { Router } from "./router.svelte";

export type Compare = "previous" | "year";

export class View {
  readonly #router: Router;
  readonly #site: () => string;
  /** The range as the server resolved it; set by whoever loads the overview. */
  resolved = $state.raw<RangeResponse | undefined>();
  readonly pulse: Pulse;

  readonly #timeZone: () => string | undefined;

  /** `timeZone` is the site's, as soon as it is known. */
  constructor(
    router: Router,
    pulse: Pulse,
    site: () => string,
    timeZone: () => string | undefined,
  ) {
    this.#router = router;
    this.#site = site;
    this.#timeZone = timeZone;
    this.pulse = pulse;
  }

  get site(): string {
    return this.#site();
  }

  readonly #params = $derived.by(() => this.#router.url.searchParams);
  readonly range = $derived.by(() => parseRange(this.#params));
  readonly filters = $derived.by(() => parseFilters(this.#params));
  readonly metric: Metric = $derived.by(() => metricById(this.#params.get("metric")));
  readonly realtime = $derived.by(() => "period" in this.range && this.range.period === "realtime");
  readonly compare: Compare | null = $derived.by(() => {
    const value = this.#params.get("compare");
    return value === "previous" || value === "year" ? value : null;
  });

  readonly timeZone = $derived.by(
    () =>
      this.#timeZone() ??
      this.resolved?.time_zone ??
      Intl.DateTimeFormat().resolvedOptions().timeZone,
  );

  /** Today in the site's time zone; looked up anew at each beat, for days end. */
  readonly today = $derived.by(() => {
    void this.pulse.beat;
    return dateIn(this.timeZone, new Date());
  });

  /** Whether the numbers shown still change. */
  readonly moving = $derived.by(() => includesToday(this.range, this.today));

  /** The beat of live refreshes; null for a range that is over. */
  get beat(): number | null {
    return this.moving && this.pulse.beat > 0 ? this.pulse.beat : null;
  }

  readonly intervals: Interval[] = $derived.by(() => {
    if (!this.resolved) return [];
    if (this.resolved.period === "24h") return intervalsFor(1);
    return intervalsFor(daysBetween(this.resolved.from, this.resolved.to) + 1);
  });

  /** The interval asked for; null leaves it to the server. */
  readonly interval: Interval | null = $derived.by(() => {
    const wanted = this.#params.get("interval");
    const known = INTERVALS.find((each) => each.id === wanted)?.id;
    if (!known || (this.intervals.length > 0 && !this.intervals.includes(known))) return null;
    return known;
  });

  /** The parameters that all reports of this page share. */
  readonly query: ReportQuery = $derived.by(() => ({
    ...apiRange(this.range, this.today),
    filters: apiFilters(this.filters),
    compare: this.compare,
  }));

  /** A tab or another small choice of the page, by the name of its parameter. */
  choice(name: string): string | null {
    return this.#params.get(name);
  }

  choose(name: string, value: string | null): void {
    this.#router.setParams({ [name]: value }, { replace: true });
  }

  /** Opens or closes a dialog that has an address of its own. */
  open(name: string, value: string | null): void {
    this.#router.setParams({ [name]: value });
  }

  setRange(range: RangeChoice): void {
    this.#router.setParams({ ...printRange(range), interval: null });
  }

  shift(direction: -1 | 1): void {
    const span = this.shifted(direction);
    if (span) this.setRange(span);
  }

  /** Where a step would lead; null where there is no step. */
  shifted(direction: -1 | 1) {
    return this.resolved ? shiftRange(this.range, this.resolved, direction, this.today) : null;
  }

  setFilters(filters: readonly Filter[], alsoClose: string | null = null): void {
    const closing = alsoClose ? { [alsoClose]: null } : {};
    this.#router.setParams({ f: filters.map(printFilter), ...closing });
  }

  toggle(dimension: string, value: string, extend: boolean, alsoClose: string | null = null): void {
    this.setFilters(toggleFilter(this.filters, dimension, value, extend), alsoClose);
  }

  setCompare(compare: Compare | null): void {
    this.#router.setParams({ compare });
  }

  setMetric(metric: MetricId): void {
    this.#router.setParams({ metric: metric === "visitors" ? null : metric }, { replace: true });
  }

  setInterval(interval: Interval): void {
    this.#router.setParams({ interval }, { replace: true });
  }

  /** The interval after the one that is shown, round and round. */
  nextInterval(shown: Interval): void {
    const index = this.intervals.indexOf(shown);
    const next = this.intervals[(index + 1) % this.intervals.length];
    if (next) this.setInterval(next);
  }
}
