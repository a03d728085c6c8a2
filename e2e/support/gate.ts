// What the tests of the gate's pages get: a server of their own, and people who are signed in to it.

import type { Page } from "@playwright/test";
import { resolve } from "node:path";
import { Caller } from "./caller";
import { enrolApp, PASSWORD, startServer, type Server } from "./server";
import { expect, test as base } from "./test";

/** An account, and what its owner knows. */
export interface Person {
  id: string;
  username: string;
  password: string;
  /** Of the authenticator app, if there is one. */
  secret: string;
  recoveryCodes: string[];
  caller: Caller;
}

interface Options {
  role?: string;
  grants?: string[];
  /** Whether there is an authenticator app; who may change anything must have one. */
  app?: boolean;
}

interface Fixtures {
  /** Makes an account with a password of its own, signed in by the API. */
  person: (options?: Options) => Promise<Person>;
  /** Signs the browser in as somebody who was just made. */
  enter: (options?: Options) => Promise<Person>;
}

interface WorkerFixtures {
  server: Server;
}

let people = 0;

const makePerson = async (server: Server, options: Options): Promise<Person> => {
  const {
    role = "viewer",
    grants = ["*"],
    app = role === "admin" || role === "operator",
  } = options;
  const username = `person-${(people += 1)}-${crypto.randomUUID().slice(0, 6)}`;
  const made = await server.program.post("/v1/users", { username, role, grants });
  const token = new URL(made.reset.url).hash.replace("#token=", "");
  const caller = new Caller(server.url);
  await caller.post("/v1/auth/reset", { token, password: PASSWORD });
  await caller.post("/v1/auth/login", { username, password: PASSWORD });
  const factor = app ? await enrolApp(caller) : { secret: "", recoveryCodes: [] };
  return { id: String(made.user.id), username, password: PASSWORD, caller, ...factor };
};

export const test = base.extend<Fixtures, WorkerFixtures>({
  server: [
    async ({}, use, info) => {
      const log = resolve(info.config.rootDir, `../output/server-${info.workerIndex}.log`);
      const server = await startServer(log);
      await use(server);
      await server.stop();
    },
    { scope: "worker", timeout: 120_000 },
  ],
  baseURL: async ({ server }, use) => use(server.url),
  storageState: { cookies: [], origins: [] },
  person: async ({ server }, use) => use((options = {}) => makePerson(server, options)),
  enter: async ({ server, context }, use) =>
    use(async (options = {}) => {
      const person = await makePerson(server, options);
      await takeSession(context, server.url, person.caller);
      return person;
    }),
});

/** Gives a browser the session of a caller. */
export const takeSession = async (
  context: import("@playwright/test").BrowserContext,
  url: string,
  caller: Caller,
) => {
  const { hostname } = new URL(url);
  await context.addCookies([
    {
      ...caller.cookie,
      domain: hostname,
      path: "/",
      secure: true,
      httpOnly: true,
      sameSite: "Strict",
    },
  ]);
};

/** Types name and password into the sign-in page. */
export const showPassword = async (page: Page, person: Pick<Person, "username" | "password">) => {
  await page.getByLabel("Username").fill(person.username);
  await page.getByLabel("Password", { exact: true }).fill(person.password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
};

/** Waits until the browser is in. */
export const signedIn = (page: Page) =>
  expect(page.getByRole("navigation", { name: "Main" })).toBeVisible();

export const code = (page: Page) => page.getByRole("textbox", { name: "Code", exact: true });

/** Answers requests of a path with a problem, or with what is given. */
export const answer = (page: Page, path: string, status: number, body: unknown = {}) =>
  page.route(`**${path}`, (route) =>
    route.fulfill({
      status,
      contentType: status < 400 ? "application/json" : "application/problem+json",
      body: JSON.stringify(
        status < 400
          ? body
          : {
              type: "urn:shelduck:problem:internal",
              title: "Something went wrong",
              status,
              request_id: "r-1",
              ...(body as object),
            },
      ),
    }),
  );

export { expect, PASSWORD };
