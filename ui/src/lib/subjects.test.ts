import { expect, test } from "vitest";
import { describeSubject } from "./subjects";

const ADA = "01a21039-6aa2-74f8-a248-86a5fbd74351";
const names = new Map([
  [ADA, "ada"],
  ["lGGKE71tHvTtmTDk", "Nightly export"],
]);

test.each([
  [`user:${ADA}`, "ada"],
  [`user:${ADA} totp`, "ada totp"],
  [`reset:${ADA}`, "reset ada"],
  ["key:lGGKE71tHvTtmTDk", "key Nightly export"],
  ["key:unknown", "key unknown"],
  ["user:ffffffff-6aa2-74f8-a248-86a5fbd74351", "ffffffff…"],
  ["address:9b99e6040d9d05daf185117817e09e36", "address 9b99e604…"],
  ["site:shop.example", "site shop.example"],
  ["anonymous", "anonymous"],
])("%s is %s", (subject, expected) => {
  expect(describeSubject(subject, names)).toBe(expected);
});
