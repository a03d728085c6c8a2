import { expect, test } from "vitest";
import { auditQuery, isFiltered, parseAudit } from "./audit";

const read = (search: string) => parseAudit(new URLSearchParams(search));
const NOW = Date.parse("2026-11-22T12:00:00Z");

test("no parameters filter nothing", () => {
  expect(isFiltered(read(""))).toBe(false);
  expect(auditQuery(read(""), NOW)).toEqual({
    event: null,
    actor: null,
    outcome: null,
    from: null,
    to: null,
  });
});

test("a span ends now", () => {
  const filter = read("?time=day&outcome=denied&event=authz_fail&actor=user:u1");
  expect(isFiltered(filter)).toBe(true);
  expect(auditQuery(filter, NOW)).toEqual({
    event: "authz_fail",
    actor: "user:u1",
    outcome: "denied",
    from: "2026-11-21T12:00:00.000Z",
    to: null,
  });
});

test("days are whole days of the reader, the last one included", () => {
  const query = auditQuery(read("?from=2026-10-25&to=2026-10-25&time=hour"), NOW);
  expect(query.from).toBe(new Date(2026, 9, 25).toISOString());
  expect(query.to).toBe(new Date(2026, 9, 26).toISOString());
});

test("what means nothing is left out", () => {
  expect(isFiltered(read("?outcome=maybe&time=eon&from=yesterday"))).toBe(false);
});
