import { expect, test } from "vitest";
import {
  addDays,
  addMonths,
  dateIn,
  daysBetween,
  endOfMonth,
  isDate,
  monthSheet,
  weekday,
} from "./dates";

test("only dates that exist are dates", () => {
  expect(isDate("2024-02-29")).toBe(true);
  expect(isDate("2023-02-29")).toBe(false);
  expect(isDate("2023-13-01")).toBe(false);
  expect(isDate("23-01-01")).toBe(false);
  expect(isDate("")).toBe(false);
});

test("days are added over the ends of months, years and summer time", () => {
  expect(addDays("2026-12-31", 1)).toBe("2027-01-01");
  expect(addDays("2026-03-01", -1)).toBe("2026-02-28");
  expect(addDays("2026-03-28", 2)).toBe("2026-03-30");
  expect(daysBetween("2026-03-28", "2026-03-30")).toBe(2);
});

test("months are added without running into the next one", () => {
  expect(addMonths("2026-01-31", 1)).toBe("2026-02-28");
  expect(addMonths("2026-01-15", -13)).toBe("2024-12-15");
  expect(endOfMonth("2024-02-10")).toBe("2024-02-29");
});

test("today depends on the zone", () => {
  const now = new Date("2026-11-22T23:30:00Z");
  expect(dateIn("UTC", now)).toBe("2026-11-22");
  expect(dateIn("Europe/Berlin", now)).toBe("2026-11-23");
  expect(dateIn("America/Los_Angeles", now)).toBe("2026-11-22");
});

test("a calendar sheet has whole weeks from Monday", () => {
  const sheet = monthSheet("2026-11-22");
  expect(sheet[0]?.[0]).toBe("2026-10-26");
  expect(sheet.at(-1)?.at(-1)).toBe("2026-12-06");
  expect(sheet.every((week) => week.length === 7 && weekday(week[0] ?? "") === 0)).toBe(true);
  expect(monthSheet("2027-02-01")).toHaveLength(4);
});
