// Everything a foreign page can make a browser send in a user's name, over TLS, from a sibling host and from another site, with
// and without a referrer: nothing of it changes anything. Signing out stands for every change, because it needs nothing but the
// session.

import { expect, test, type Page } from "@playwright/test";
import { startSecure, type Secure } from "../support/secure";

// One server and one session for all of them; the last ends it.
test.describe.configure({ mode: "serial" });

let secure: Secure;
let app: Page;

const pages = (origin: string) => {
  const html = "<!doctype html><title>Hostile</title><body>";
  const toss = [
    `__Host-shelduck=${"0".repeat(64)}; Domain=gate.test; Path=/; Secure`,
    `__Host-shelduck=${"1".repeat(64)}; Domain=app.gate.test; Path=/; Secure`,
    `__Host-shelduck=${"2".repeat(64)}; Path=/v1; Secure`,
    `__Host-shelduck=${"3".repeat(64)}; Path=/`,
  ];
  return {
    "/plain": { html },
    "/silent": { html, headers: { "referrer-policy": "no-referrer" } },
    "/toss": { html, headers: { "set-cookie": toss } },
    "/redirect": {
      html: `<!doctype html><meta http-equiv="refresh" content="0;url=${origin}/v1/auth/logout">`,
    },
  };
};

const session = () => app.evaluate(() => fetch("/v1/auth/session").then(({ status }) => status));

test.beforeAll(async () => {
  secure = await startSecure(pages);
  app = await secure.context.newPage();
  await app.goto(secure.origin);
  const status = await app.evaluate(async (secret) => {
    const body = { secret, username: "admin", password: "grebe.lagoon.7.tarpaulin.quince" };
    const headers = { "content-type": "application/json" };
    return (await fetch("/v1/auth/setup", { method: "POST", headers, body: JSON.stringify(body) }))
      .status;
  }, secure.secret);
  expect([200, 201, 204]).toContain(status);
  expect(await session()).toBe(200);
});

test.afterAll(async () => secure.stop());

/** What a page can make a browser send; each ends when the browser has sent it or refused to. */
const attack = async (page: Page, target: string) =>
  page.evaluate(async (url) => {
    const wait = (ms: number) => new Promise((done) => setTimeout(done, ms));
    const request = (options: RequestInit) =>
      fetch(url, { method: "POST", ...options }).catch(() => null);
    const form = (enctype: string, into: Document) => {
      const made = into.createElement("form");
      const frame = into.createElement("iframe");
      frame.name = `f${Math.random()}`;
      Object.assign(made, { method: "post", action: url, enctype, target: frame.name });
      into.body.append(frame, made);
      made.submit();
    };
    for (const credentials of ["include", "omit", "same-origin"] as const) {
      await request({ credentials });
      await request({ credentials, mode: "no-cors" });
      await request({ credentials, headers: { "content-type": "application/json" }, body: "{}" });
      await request({
        credentials,
        mode: "no-cors",
        headers: { "content-type": "text/plain" },
        body: "{}",
      });
    }
    await request({ credentials: "include", referrerPolicy: "no-referrer", mode: "no-cors" });
    await request({ credentials: "include", keepalive: true, mode: "no-cors" });
    await request({ credentials: "include", method: "DELETE" });
    for (const enctype of [
      "application/x-www-form-urlencoded",
      "text/plain",
      "multipart/form-data",
    ])
      form(enctype, document);
    navigator.sendBeacon(url);
    navigator.sendBeacon(url, "{}");
    navigator.sendBeacon(url, new Blob(["{}"], { type: "text/plain" }));
    for (const html of [
      `<img src="${url}">`,
      `<iframe src="${url}"></iframe>`,
      `<link rel="prefetch" href="${url}">`,
      `<script src="${url}"></scr` + `ipt>`,
      `<iframe sandbox="allow-scripts allow-forms" srcdoc="<form method=post action='${url}'></form>
        <script>fetch('${url}',{method:'POST',credentials:'include',mode:'no-cors'});document.forms[0].submit()</scr` +
        `ipt>"></iframe>`,
    ]) {
      const holder = document.createElement("div");
      document.body.append(holder);
      holder.append(document.createRange().createContextualFragment(html));
    }
    const socket = new WebSocket(url.replace("https:", "wss:"));
    socket.onerror = () => {};
    const blank = document.createElement("iframe");
    document.body.append(blank);
    form("text/plain", blank.contentDocument!);
    await wait(700);
  }, target);

for (const host of ["evil.gate.test", "evil.test"])
  for (const path of ["/plain", "/silent"])
    test(`${host}${path} changes nothing`, async () => {
      const page = await secure.context.newPage();
      const target = `${secure.origin}/v1/auth/logout`;
      const answers: [string, number][] = [];
      // Of most answers the browser tells nobody; that they changed nothing is seen below.
      let sent = 0;
      page.on("request", (request) => {
        if (request.url() === target && request.method() === "POST") sent += 1;
      });
      page.on("response", (response) => {
        if (response.url() === target)
          answers.push([response.request().method(), response.status()]);
      });
      await page.goto(`https://${host}:${secure.port}${path}`);
      await attack(page, target);
      expect(sent, "something was sent").toBeGreaterThan(10);
      expect(answers.length).toBeGreaterThan(2);
      for (const [method, status] of answers)
        expect(method === "OPTIONS" ? 400 : status, `${method} ${status}`).toBeGreaterThanOrEqual(
          400,
        );
      await page.close();
      expect(await session(), "the session goes on").toBe(200);
    });

test("a navigation to what changes something changes nothing", async () => {
  const page = await secure.context.newPage();
  await page.goto(`https://evil.gate.test:${secure.port}/redirect`);
  await page.waitForURL(`${secure.origin}/v1/auth/logout`);
  await page.close();
  expect(await session()).toBe(200);
});

test("no sibling plants or overwrites the session cookie", async () => {
  const own = (await secure.context.cookies(secure.origin)).filter(
    ({ name }) => name === "__Host-shelduck",
  );
  expect(own).toHaveLength(1);
  expect(own[0]).toMatchObject({
    httpOnly: true,
    secure: true,
    sameSite: "Strict",
    path: "/",
    domain: "app.gate.test",
  });
  const page = await secure.context.newPage();
  await page.goto(`https://evil.gate.test:${secure.port}/toss`);
  await page.evaluate(() => {
    document.cookie = `__Host-shelduck=${"4".repeat(64)}; Domain=gate.test; Path=/; Secure`;
    document.cookie = `__Host-shelduck=${"5".repeat(64)}; Path=/`;
  });
  await page.close();
  const after = (await secure.context.cookies(secure.origin)).filter(
    ({ name }) => name === "__Host-shelduck",
  );
  expect(after).toEqual(own);
  expect(await app.evaluate(() => document.cookie)).toBe("");
  expect(await session()).toBe(200);
});

test("our own page does sign out, and leaves only what the browser is recognised by", async () => {
  const answered = app.waitForResponse((response) => response.url().endsWith("/v1/auth/logout"));
  const status = await app.evaluate(() =>
    fetch("/v1/auth/logout", { method: "POST" }).then(({ status }) => status),
  );
  expect(status).toBe(204);
  // The browser keeps this header to itself.
  const headers = await (await answered).allHeaders();
  expect(headers["clear-site-data"]).toBe('"cache", "storage"');
  // Without that one cookie, which opens nothing, strangers who guess could lock out whoever signs out.
  const left = await secure.context.cookies(secure.origin);
  expect(left.map(({ name }) => name)).toEqual(["__Host-shelduck-device"]);
  expect(left[0]).toMatchObject({
    httpOnly: true,
    secure: true,
    sameSite: "Strict",
    path: "/",
    domain: "app.gate.test",
  });
  expect(await session()).toBe(401);
});
