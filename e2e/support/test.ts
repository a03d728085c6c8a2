// What every test gets: the product's address, a signed-in browser, and a page that must not complain.

import {
  test as base,
  expect,
  type APIRequestContext,
  type Locator,
  type Page,
} from "@playwright/test";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { demo, type Demo } from "./demo";
import { stateFile } from "./session";

interface Fixtures {
  demo: Demo;
  /** Complaints of the page that a test provokes on purpose. */
  expectedComplaints: RegExp[];
  /** Serves pages under any name that ends in `.test`, and returns their port. */
  serve: (pages: Record<string, string>) => Promise<number>;
}

export const test = base.extend<Fixtures>({
  demo: async ({}, use) => use(demo()),
  baseURL: async ({}, use) => use(demo().url),
  storageState: stateFile,
  expectedComplaints: [[], { option: true }],

  page: async ({ page, expectedComplaints }, use) => {
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(String(error)));
    // What violates the content security policy is told here too.
    page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    await use(page);
    const unexpected = complaints.filter(
      (text) => !expectedComplaints.some((pattern) => pattern.test(text)),
    );
    expect(unexpected, "errors on the page's console").toEqual([]);
  },

  serve: async ({}, use) => {
    const servers: ReturnType<typeof createServer>[] = [];
    await use(async (pages) => {
      const server = createServer((request, response) => {
        const html = pages[new URL(request.url!, "http://site.test").pathname];
        response
          .writeHead(html === undefined ? 404 : 200, { "content-type": "text/html; charset=utf-8" })
          .end(html);
      });
      servers.push(server);
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      return (server.address() as AddressInfo).port;
    });
    for (const server of servers) {
      server.closeAllConnections();
      server.close();
    }
  },
});

export { expect };

/** Asks the API with the session of the browser. */
export const ask = async (
  request: APIRequestContext,
  path: string,
  params: Record<string, string> = {},
) => {
  const response = await request.get(path, { params });
  expect(response.status(), path).toBe(200);
  return response.json();
};

/** A row of a breakdown, by value. */
export const rowOf = async (
  request: APIRequestContext,
  site: string,
  dimension: string,
  value: string,
  params: Record<string, string>,
) => {
  const query = { ...params, filters: JSON.stringify([["is", dimension, [value]]]) };
  const { items } = await ask(request, `/v1/sites/${site}/breakdown/${dimension}`, query);
  return (items as { value: string; visitors: number; events: number }[]).find(
    (item) => item.value === value,
  );
};

/** The web page of a site, once its numbers are there. */
export const openSite = async (page: Page, site: string, search = "") => {
  await page.goto(`/sites/${site}${search}`);
  await expect(card(page, "Unique visitors").locator(".value")).toHaveText(/\d/);
};

export const card = (page: Page, label: string): Locator =>
  page.getByRole("group", { name: "Metrics" }).getByRole("button", { name: label });

export const panel = (page: Page, name: string): Locator =>
  page.getByRole("region", { name, exact: true });

/** The buttons of a panel's rows. */
export const rows = (panel: Locator): Locator => panel.locator("tbody tr");

/** A name no other test and no other run uses. */
export const unique = (name: string) => `${name} ${crypto.randomUUID().slice(0, 8)}`;
