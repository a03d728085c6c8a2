// A server as an operator sets it up: its own folder, its first administrator, a second factor for whoever may change
// anything. Each worker has one, so that tests may lock, disable and revoke as they like.

import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Caller } from "./caller";
import { totp } from "./totp";

export const PASSWORD = "seven ducks cross the misty estuary";

export interface Server {
  /** By its name, for passkeys are bound to one. */
  url: string;
  /** Calls the API with a key that may do everything; nobody's as long as there is no administrator. */
  program: Caller;
  /** Makes the first administrator, once. */
  setupUrl: string;
  stop: () => Promise<void>;
}

const freePort = async (): Promise<number> => {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  return port;
};

/** Starts a server and, unless it shall wait for them, makes its first administrator and a key that may do everything. */
export const startServer = async (log: string, { founded = true } = {}): Promise<Server> => {
  const binary = process.env["SHELDUCK_BIN"];
  if (!binary) throw new Error("SHELDUCK_BIN names the binary to test");
  const dir = await mkdtemp(join(tmpdir(), "shelduck-e2e-"));
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const child = spawn(binary, ["serve", "--json"], {
    cwd: dir,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      SHELDUCK_SERVER__DATA_DIR: join(dir, "data"),
      SHELDUCK_SERVER__PUBLIC_URL: url,
      SHELDUCK_HTTP__LISTEN: `127.0.0.1:${port}`,
      SHELDUCK_ADMIN__LISTEN: "127.0.0.1:0",
      // Everybody in these tests has one address.
      SHELDUCK_LIMITS__CATEGORIES__AUTH: "6000",
      SHELDUCK_LIMITS__CATEGORIES__READ: "6000",
      SHELDUCK_LIMITS__CATEGORIES__WRITE: "6000",
      SHELDUCK_LIMITS__CATEGORIES__OTHER: "6000",
      SHELDUCK_LIMITS__CATEGORIES__BAD_CREDENTIALS: "6000",
      SHELDUCK_AUTH__LOCKOUT__ADDRESS_ATTEMPTS: "1000",
      SHELDUCK_AUTH__LOCKOUT__STUFFING_PAIRS: "1000",
      SHELDUCK_LIMITS__BURSTS__API_SIZE: "6000",
      SHELDUCK_LIMITS__BURSTS__LOGIN_SIZE: "6000",
    },
  });
  child.stderr.pipe(createWriteStream(log));
  const stop = async () => {
    if (child.exitCode === null) {
      const ended = once(child, "exit");
      child.kill("SIGINT");
      await ended;
    }
    await rm(dir, { recursive: true, force: true });
  };
  try {
    const setupUrl = await ready(child, log);
    const secret = new URL(setupUrl).hash.replace("#secret=", "");
    const program = founded ? await setUp(url, secret) : new Caller(url);
    return { url, program, setupUrl, stop };
  } catch (error) {
    await stop();
    throw error;
  }
};

/** Waits for the line that the server prints when it is ready; the setup link in it. */
const ready = async (child: ChildProcess, log: string): Promise<string> => {
  const ended = once(child, "exit").then(([code]) => {
    throw new Error(`the server ended with ${code} before it was ready; see ${log}`);
  });
  const line = once(createInterface(child.stdout!), "line").then(
    ([text]) => (JSON.parse(String(text)) as { setup_url: string }).setup_url,
  );
  return Promise.race([line, ended]);
};

/** The first administrator, by hand of nobody; a browser's way there is a test of its own. */
const setUp = async (url: string, secret: string): Promise<Caller> => {
  const person = new Caller(url);
  await person.post("/v1/auth/setup", { secret, username: "founder", password: PASSWORD });
  await enrolApp(person);
  const key = await person.post("/v1/keys", { name: "tests", scopes: ["admin:*"] });
  return new Caller(url, String(key.secret));
};

/** Sets up an authenticator app; its secret, and the recovery codes. */
export const enrolApp = async (person: Caller) => {
  const { secret } = await person.post("/v1/me/totp");
  // The code of the step before, so that the present one is still good for signing in.
  const code = totp(String(secret), 1);
  const { recovery_codes } = await person.post("/v1/me/totp/confirm", { code });
  return { secret: String(secret), recoveryCodes: (recovery_codes ?? []) as string[] };
};
