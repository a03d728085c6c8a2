import { expect, test } from "vitest";
import {
  creationOptions,
  fromBase64Url,
  isName,
  passkeyHindrance,
  reason,
  requestOptions,
  toBase64Url,
} from "./webauthn";

const bytes = (...values: number[]) => Uint8Array.from(values).buffer;

// RFC 4648, section 10, without padding; and the two letters that differ from plain base64.
test.each([
  ["", []],
  ["Zg", [0x66]],
  ["Zm8", [0x66, 0x6f]],
  ["Zm9v", [0x66, 0x6f, 0x6f]],
  ["-_8", [0xfb, 0xff]],
])("%s is read and written", (text, values) => {
  expect(new Uint8Array(fromBase64Url(text))).toEqual(Uint8Array.from(values));
  expect(toBase64Url(bytes(...values))).toBe(text);
});

const CREATION = {
  challenge: "AQID",
  rp: { id: "localhost", name: "Shelduck" },
  user: { id: "BAU", name: "ada", displayName: "ada" },
  pubKeyCredParams: [{ type: "public-key", alg: -8 }],
  excludeCredentials: [{ type: "public-key", id: "Bg", transports: ["usb"] }],
};

test.each([CREATION, { publicKey: CREATION }])("options to make one become bytes", (json) => {
  const options = creationOptions(json);
  expect(new Uint8Array(options.challenge as ArrayBuffer)).toEqual(Uint8Array.of(1, 2, 3));
  expect(new Uint8Array(options.user.id as ArrayBuffer)).toEqual(Uint8Array.of(4, 5));
  expect(options.user.name).toBe("ada");
  expect(options.rp.id).toBe("localhost");
  const [excluded] = options.excludeCredentials ?? [];
  expect(new Uint8Array(excluded?.id as ArrayBuffer)).toEqual(Uint8Array.of(6));
  expect(excluded?.transports).toEqual(["usb"]);
});

test("options to use one may name no credential at all", () => {
  const options = requestOptions({ publicKey: { challenge: "AQID", rpId: "localhost" } });
  expect(options.allowCredentials).toEqual([]);
  expect(options.rpId).toBe("localhost");
});

test("each failure has its reason", () => {
  const reasons = ["NotAllowedError", "InvalidStateError", "SecurityError", "Other"].map(reason);
  expect(new Set(reasons).size).toBe(4);
});

test("passkeys need a name", () => {
  expect(["localhost", "stats.example", "1and1.example"].map(isName)).toEqual([true, true, true]);
  expect(["127.0.0.1", "192.0.2.7", "[::1]"].map(isName)).toEqual([false, false, false]);
});

test("passkeys are for pages of the server's own origin", () => {
  const site = { available: true, origin: "https://stats.example" };
  expect(passkeyHindrance(site, "https://stats.example")).toBeNull();
  expect(passkeyHindrance(site, "http://127.0.0.1:8080")).toContain("https://stats.example");
  const reasons = ["not_encrypted", "no_domain", "no_public_url"].map((obstacle) =>
    passkeyHindrance({ available: false, obstacle }, "http://stats.example"),
  );
  expect(new Set(reasons).size).toBe(3);
});
