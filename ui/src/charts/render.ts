// Draws a time series with uPlot. The only file that knows the library; loaded with the first chart.

import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { formatMetric } from "../lib/format";
import type { Metric } from "../lib/metrics";
import { axisTop, niceStep, type SeriesData } from "./data";
import { tokenColor } from "./tokens";

export interface ChartInput {
  /** What to draw; read anew at each `update`. */
  data: () => SeriesData;
  metric: Metric;
  width: number;
  height: number;
  /** The bucket under the pointer and its place in pixels; null when there is none. */
  onHover: (bucket: { index: number; left: number } | null) => void;
}

export interface Chart {
  /** Moves the cursor to a bucket, or takes it away. */
  point(index: number | null): void;
  /** Draws other values for the same buckets; the cursor stays where it is. */
  update(): void;
  destroy(): void;
}

const AXIS_WIDTH = 46;
const AXIS_HEIGHT = 28;
const LABEL_WIDTH = 76;

function colors(element: HTMLElement) {
  return {
    line: tokenColor(element, "--series-1"),
    before: tokenColor(element, "--series-before"),
    grid: tokenColor(element, "--grid"),
    text: tokenColor(element, "--text-muted"),
    surface: tokenColor(element, "--surface"),
  };
}

/** `rgb(1, 2, 3)` with an opacity. */
function fade(color: string, opacity: number): string {
  return color.replace(/^rgb\((.*)\)$/, `rgba($1, ${opacity})`);
}

function area(color: string, strength: number) {
  return (plot: uPlot) => {
    const { top, height } = plot.bbox;
    const gradient = plot.ctx.createLinearGradient(0, top, 0, top + height);
    gradient.addColorStop(0, fade(color, strength));
    gradient.addColorStop(1, fade(color, 0));
    return gradient;
  };
}

/** Every how many buckets a label fits. */
function labelStep(count: number, width: number): number {
  const fit = Math.max(2, Math.floor((width - AXIS_WIDTH) / LABEL_WIDTH));
  const steps = [1, 2, 3, 4, 6, 7, 12, 14, 24, 30, 60, 90, 120, 180, 240];
  return steps.find((step) => count / step <= fit) ?? Math.ceil(count / fit);
}

function top({ data, metric }: ChartInput): number {
  const { values, before } = data();
  return axisTop([...values, ...before], metric.unit);
}

function axes(input: ChartInput, paint: ReturnType<typeof colors>): uPlot.Axis[] {
  const { data, metric, width } = input;
  const font = `12px ${getComputedStyle(document.body).fontFamily}`;
  const common = { stroke: paint.text, font, ticks: { show: false }, border: { show: false } };
  const every = labelStep(data().at.length, width);
  const x: uPlot.Axis = {
    ...common,
    size: AXIS_HEIGHT,
    grid: { show: false },
    splits: () =>
      data()
        .at.map((_, index) => index)
        .filter((index) => index % every === 0),
    values: (_, splits) => splits.map((index) => data().labels[index] ?? ""),
  };
  const y: uPlot.Axis = {
    ...common,
    size: AXIS_WIDTH,
    grid: { stroke: paint.grid, width: 1 },
    splits: () => {
      const step = niceStep(top(input), metric.unit);
      return Array.from({ length: Math.floor(top(input) / step) + 1 }, (_, index) => index * step);
    },
    values: (_, splits) => splits.map((value) => formatMetric(metric, value)),
  };
  return [x, y];
}

/** A single finished bucket between gaps has no line, so it gets a dot. */
function loneDots(read: () => (number | null)[]) {
  return (): number[] =>
    read().flatMap((value, index, values) => {
      const alone = (values[index - 1] ?? null) === null && (values[index + 1] ?? null) === null;
      return value !== null && alone ? [index] : [];
    });
}

function series(data: () => SeriesData, paint: ReturnType<typeof colors>): uPlot.Series[] {
  const path = uPlot.paths.linear?.();
  const line = { paths: path, width: 2, spanGaps: false };
  return [
    {},
    { ...line, stroke: paint.before, width: 1.5, points: { show: false } },
    {
      ...line,
      stroke: paint.line,
      fill: area(paint.line, 0.24),
      points: { show: true, filter: loneDots(() => data().solid), size: 5, fill: paint.line },
    },
    {
      ...line,
      stroke: paint.line,
      dash: [4, 4],
      fill: area(paint.line, 0.1),
      points: { show: true, filter: loneDots(() => data().dashed), size: 5, fill: paint.surface },
    },
  ];
}

/** The columns of the library: place, compared, finished, unfinished. */
function columns({ at, before, solid, dashed }: SeriesData): uPlot.AlignedData {
  return [
    at.map((_, index) => index),
    before.length > 0 ? before : at.map(() => null),
    solid,
    dashed,
  ];
}

function cursor(paint: ReturnType<typeof colors>): uPlot.Cursor {
  return {
    y: false,
    // The cursor stands on buckets, not between them.
    move: (self, left, top) => {
      if (left < 0) return [left, top];
      return [self.valToPos(Math.round(self.posToVal(left, "x")), "x"), top];
    },
    // A cursor that snaps looks like a drag to the library, which would then swallow the click.
    drag: { setScale: false, x: false, y: false, click: () => undefined },
    points: { size: 8, width: 2, stroke: () => paint.surface, fill: () => paint.line },
  };
}

/** Draws into `element`. */
export function drawSeries(element: HTMLElement, input: ChartInput): Chart {
  const { data, width, height, onHover } = input;
  const paint = colors(element);
  const last = Math.max(1, data().at.length - 1);
  const onCursor = (self: uPlot) => {
    const { idx, left } = self.cursor;
    const over = typeof idx === "number" && left !== undefined && left >= 0;
    onHover(over ? { index: idx, left: AXIS_WIDTH + self.valToPos(idx, "x") } : null);
  };
  const plot = new uPlot(
    {
      width,
      height,
      padding: [8, 12, 0, 0],
      legend: { show: false },
      scales: { x: { time: false, range: [0, last] }, y: { range: () => [0, top(input)] } },
      axes: axes(input, paint),
      series: series(data, paint),
      cursor: cursor(paint),
      hooks: { setCursor: [onCursor] },
    },
    columns(data()),
    element,
  );
  return {
    point: (index) =>
      plot.setCursor(
        index === null ? { left: -10, top: -10 } : { left: plot.valToPos(index, "x"), top: 0 },
      ),
    update: () => plot.setData(columns(data())),
    destroy: () => plot.destroy(),
  };
}
