// What the full file adds, asked for by its name or by attributes.

import { calls, expect, recordCalls, test } from "./site";

const stay = `<script>addEventListener("click", (event) => event.preventDefault())</script>`;

test("the base file carries no extension", async ({ page, site }) => {
  await recordCalls(page);
  site.page("/", `<a href="https://other.test/">out</a>${stay}`, {
    tag: site.tag("data-outbound-links"),
  });
  await page.goto(site.at("/"));
  await page.getByText("out").click();
  expect(await calls(page)).toEqual(["pageview"]);
});

test("an extension that was not named stays off", async ({ page, site }) => {
  await recordCalls(page);
  site.page("/", `<a href="https://other.test/">out</a>${stay}`, {
    tag: site.tag("", "script.file-downloads.js"),
  });
  await page.goto(site.at("/"));
  await page.getByText("out").click();
  expect(await calls(page)).toEqual(["pageview"]);
});

test("hash: the fragment is part of the page", async ({ page, site }) => {
  site.page("/", "", { tag: site.tag("", "script.hash.js") });
  await page.goto(site.at("/#/one"));
  await site.viewed("/#/one");
  await page.evaluate(() => (location.hash = "/two"));
  const views = await site.viewed("/#/one", "/#/two");
  expect(views.map(({ h }) => h)).toEqual([1, 1]);
});

test("manual: only the page's own calls", async ({ page, site }) => {
  await recordCalls(page);
  site.page("/secret/42", "", { tag: site.tag("data-manual") });
  await page.goto(site.at("/secret/42"));
  expect(await calls(page)).toEqual([]);
  await page.evaluate(() =>
    (window as any).plausible("pageview", {
      u: "https://shop.test/secret/redacted",
      props: { a: "b" },
    }),
  );
  const [event] = await site.received("pageview");
  expect(event).toMatchObject({ u: "https://shop.test/secret/redacted", p: { a: "b" } });
});

for (const tag of [
  { file: "script.outbound-links.file-downloads.js" },
  { file: "script.all.js", attributes: "data-outbound-links data-file-downloads" },
]) {
  test(`outbound links and downloads by ${tag.attributes ?? tag.file}`, async ({ page, site }) => {
    site.page(
      "/",
      `<a href="https://other.test/a?b=c"><span>out</span></a> <a href="/files/Catalogue.PDF?v=2">catalogue</a>
       <a href="/inside">inside</a> <a href="mailto:a@shop.test">mail</a> <button>button</button>${stay}`,
      { tag: site.tag(tag.attributes, tag.file) },
    );
    await page.goto(site.at("/"));
    for (const name of ["inside", "mail", "button", "out", "catalogue"])
      await page.getByText(name).click();
    const [, out, download] = await site.received(
      "pageview",
      "Outbound Link: Click",
      "File Download",
    );
    expect(out!["p"]).toEqual({ url: "https://other.test/a?b=c" });
    expect(download!["p"]).toEqual({ url: site.at("/files/Catalogue.PDF?v=2") });
  });
}

test("a link that leads away at once is still counted", async ({ page, site }) => {
  site.page("/", `<a href="${site.at("/", "other.test")}">out</a>`, {
    tag: site.tag("", "script.outbound-links.js"),
  });
  await page.goto(site.at("/"));
  await site.received("pageview");
  await page.getByText("out").click();
  await expect.poll(() => site.events.map(({ n }) => n)).toContain("Outbound Link: Click");
});

test("the middle button counts, the right one does not", async ({ page, site }) => {
  await recordCalls(page);
  site.page(
    "/",
    `<a href="https://other.test/">out</a>${stay}<script>addEventListener("auxclick",(e)=>e.preventDefault())</script>`,
    {
      tag: site.tag("", "script.outbound-links.js"),
    },
  );
  await page.goto(site.at("/"));
  await page.getByText("out").click({ button: "right" });
  expect(await calls(page)).toEqual(["pageview"]);
  await page.getByText("out").click({ button: "middle" });
  expect(await calls(page)).toEqual(["pageview", "Outbound Link: Click"]);
});

test("file-types replaces the list, add-file-types adds to it", async ({ page, site }) => {
  await recordCalls(page);
  const links = `<a href="/a.pdf">pdf</a> <a href="/a.obj">obj</a>${stay}`;
  site.page("/replaced", links, {
    tag: site.tag(`file-types="obj, stl"`, "script.file-downloads.js"),
  });
  site.page("/added", links, {
    tag: site.tag(`add-file-types="stl, obj"`, "script.file-downloads.js"),
  });
  for (const [path, expected] of [
    ["/replaced", 1],
    ["/added", 2],
  ] as const) {
    await page.goto(site.at(path));
    for (const name of ["pdf", "obj"]) await page.getByText(name).click();
    expect(
      (await calls(page)).filter((name) => name == "File Download"),
      path,
    ).toHaveLength(expected);
  }
});

test("tagged elements, on themselves and close above the click", async ({ page, site }) => {
  site.page(
    "/",
    `<button class="big plausible-event-name=Add+to+cart plausible-event-size=large plausible-revenue-currency=EUR plausible-revenue-amount=39.90">
       <span><b>buy</b></span></button>
     <button class="plausible-event-name--Plain">plain</button> <button class="plausible-event-size=large">nameless</button>`,
    { tag: site.tag("", "script.tagged-events.js") },
  );
  await page.goto(site.at("/"));
  for (const name of ["nameless", "buy", "plain"]) await page.getByText(name).click();
  const [, buy, plain] = await site.received("pageview", "Add to cart", "Plain");
  expect(buy).toMatchObject({ p: { size: "large" }, $: { currency: "EUR", amount: "39.90" } });
  expect(plain!["p"]).toEqual({});
});

test("a tagged form counts when it is sent, not when it is clicked", async ({ page, site }) => {
  await recordCalls(page);
  site.page(
    "/",
    `<form class="plausible-event-name=Letter"><input aria-label="mail" required><button>send</button></form>
     <script>addEventListener("submit", (event) => event.preventDefault())</script>`,
    { tag: site.tag("", "script.tagged-events.js") },
  );
  await page.goto(site.at("/"));
  await page.getByLabel("mail").click();
  await page.getByText("send").click();
  expect(await calls(page)).toEqual(["pageview"]);
  await page.getByLabel("mail").fill("a@shop.test");
  await page.getByText("send").click();
  expect(await calls(page)).toEqual(["pageview", "Letter"]);
});

test("form-submissions counts every form", async ({ page, site }) => {
  site.page(
    "/contact",
    `<form><button>send</button></form><script>addEventListener("submit", (event) => event.preventDefault())</script>`,
    {
      tag: site.tag("", "script.form-submissions.js"),
    },
  );
  await page.goto(site.at("/contact"));
  await page.getByText("send").click();
  const [, event] = await site.received("pageview", "Form: Submission");
  expect(event!["p"]).toEqual({ path: "/contact" });
});

test("404: by the status of the answer, or by the tag", async ({ page, site }) => {
  site.page("/gone", "", { tag: site.tag("", "script.404.js"), status: 404 });
  site.page("/soft", "", { tag: site.tag(`data-status="404"`, "script.404.js") });
  site.page("/there", "", { tag: site.tag("", "script.404.js") });
  const missing = () => site.events.filter(({ n }) => n == "404").map(({ p, i }) => [p.path, i]);
  await page.goto(site.at("/there"));
  await site.viewed("/there");
  await page.goto(site.at("/gone"));
  await expect.poll(missing).toEqual([["/gone", false]]);
  await page.goto(site.at("/soft"));
  await expect.poll(missing).toEqual([
    ["/gone", false],
    ["/soft", false],
  ]);
});

test("event-* attributes go with the page views", async ({ page, site }) => {
  site.page("/", "", {
    tag: site.tag(`event-author="Ada" event-logged_in="no"`, "script.pageview-props.js"),
  });
  await page.goto(site.at("/"));
  const [event] = await site.received("pageview");
  expect(event!["p"]).toEqual({ author: "Ada", logged_in: "no" });
});

for (const [attributes, path, counted] of [
  [`data-exclude="/admin/**, /draft*"`, "/admin/users/7", false],
  [`data-exclude="/admin/**, /draft*"`, "/drafts", false],
  [`data-exclude="/admin/**, /draft*"`, "/drafts/7", true],
  [`data-exclude="/a.c"`, "/abc", true],
  [`data-include="/blog/*"`, "/blog/one/", true],
  [`data-include="/blog/*"`, "/shop", false],
  [`data-include="/blog/*" data-exclude="/blog/old"`, "/blog/old", false],
] as const) {
  test(`${attributes} ${counted ? "counts" : "leaves out"} ${path}`, async ({ page, site }) => {
    await recordCalls(page);
    site.page(path, "", { tag: site.tag(attributes, "script.exclusions.js") });
    await page.goto(site.at(path));
    expect(await calls(page)).toEqual(counted ? ["pageview"] : []);
  });
}
