// Calendar dates as text, `YYYY-MM-DD`. No clock and no zone but where a function names one.

export type IsoDate = string;

const DAY_MS = 86_400_000;

function toUtc(date: IsoDate): Date {
  return new Date(`${date}T00:00:00Z`);
}

function fromUtc(date: Date): IsoDate {
  return date.toISOString().slice(0, 10);
}

/** Whether `text` is a date that exists. */
export function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const date = toUtc(text);
  return !Number.isNaN(date.getTime()) && fromUtc(date) === text;
}

export function addDays(date: IsoDate, days: number): IsoDate {
  return fromUtc(new Date(toUtc(date).getTime() + days * DAY_MS));
}

/** Adds calendar months; a day the target month lacks becomes its last day. */
export function addMonths(date: IsoDate, months: number): IsoDate {
  const start = toUtc(startOfMonth(date));
  start.setUTCMonth(start.getUTCMonth() + months);
  const last = Number(endOfMonth(fromUtc(start)).slice(8));
  start.setUTCDate(Math.min(Number(date.slice(8)), last));
  return fromUtc(start);
}

export function startOfMonth(date: IsoDate): IsoDate {
  return `${date.slice(0, 7)}-01`;
}

export function endOfMonth(date: IsoDate): IsoDate {
  const start = toUtc(startOfMonth(date));
  start.setUTCMonth(start.getUTCMonth() + 1);
  return addDays(fromUtc(start), -1);
}

/** Days from `from` to `to`, 0 when they are the same. */
export function daysBetween(from: IsoDate, to: IsoDate): number {
  return Math.round((toUtc(to).getTime() - toUtc(from).getTime()) / DAY_MS);
}

/** 0 for Monday to 6 for Sunday. */
export function weekday(date: IsoDate): number {
  return (toUtc(date).getUTCDay() + 6) % 7;
}

/** The date in `timeZone` at `now`. */
export function dateIn(timeZone: string, now: Date): IsoDate {
  const parts = new Intl.DateTimeFormat("en-CA", {
    timeZone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
  }).formatToParts(now);
  const part = (type: string) => parts.find((each) => each.type === type)?.value ?? "";
  return `${part("year")}-${part("month")}-${part("day")}`;
}

/** The weeks of a month's calendar sheet, Monday first, padded with days of its neighbours. */
export function monthSheet(month: IsoDate): IsoDate[][] {
  const first = startOfMonth(month);
  let day = addDays(first, -weekday(first));
  const weeks: IsoDate[][] = [];
  while (day <= endOfMonth(month)) {
    const start = day;
    weeks.push(Array.from({ length: 7 }, (_, index) => addDays(start, index)));
    day = addDays(day, 7);
  }
  return weeks;
}
