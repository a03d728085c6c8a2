import { expect, test } from "vitest";
import { recoveryFile, recoveryText } from "./recovery";

test("the file says whose codes they are and has each on a line of its own", () => {
  const text = recoveryText(["aaaa-bbbb", "cccc-dddd"], {
    username: "ada",
    host: "stats.example",
    at: "22 Nov 2026",
  });
  expect(text.split("\n")).toEqual([
    "Recovery codes of ada at stats.example",
    "Made on 22 Nov 2026. Each opens the account once, together with the password.",
    "",
    "aaaa-bbbb",
    "cccc-dddd",
    "",
  ]);
});

test("the name of the file has no odd letters", () => {
  expect(recoveryFile("a/../b c")).toBe("shelduck-recovery-codes-a_.._b_c.txt");
});
