import { expect, test } from "vitest";
import { questionOf, type OwnFactors } from "./questions";

const passkey = { id: "p", name: "Laptop", created_at: "2026-11-22T12:00:00Z" };
const own = (enabled: boolean, passkeys: number, remaining = 10): OwnFactors => ({
  totp: { enabled },
  recovery: { remaining },
  hindrance: null,
  passkeys: Array.from({ length: passkeys }, () => passkey),
});

test("the last factor is not removed without saying so", () => {
  expect(questionOf({ kind: "totp" }, own(true, 0)).text).toContain("only second factor");
  expect(questionOf({ kind: "passkey", passkey }, own(false, 1)).text).toContain("only");
  expect(questionOf({ kind: "passkey", passkey }, own(true, 1)).text).toContain("stay");
  expect(questionOf({ kind: "passkey", passkey }, own(false, 2)).title).toContain("Laptop");
});

test("new recovery codes say what becomes of the old", () => {
  expect(questionOf({ kind: "recovery" }, own(true, 0, 1)).text).toContain("1 code that");
  expect(questionOf({ kind: "recovery" }, own(true, 0, 0)).text).not.toContain("worth nothing");
});
