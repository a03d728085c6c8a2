// A server as an operator sets it up: its own folder, its first administrator, a second factor for whoever may change
// anything. Each worker has one, so that tests may lock, disable and revoke as they like.

import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { Caller } from "./caller";
import { totp } from "./totp";

export const PASSWORD = "seven ducks cross the misty estuary";
const READY_TRIES = 200;
const READY_EVERY_MS = 100;

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

const init = async (
  binary: string,
  dir: string,
): Promise<{ config: string; setup_url: string }> => {
  const child = spawn(binary, ["init", "--dir", dir, "--json"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const parts: Buffer[] = [];
  child.stdout.on("data", (part: Buffer) => parts.push(part));
  const [code] = (await once(child, "close")) as [number];
  if (code !== 0) throw new Error(`init ended with ${code}`);
  return JSON.parse(Buffer.concat(parts).toString()) as { config: string; setup_url: string };
};

const ready = async (url: string, child: ChildProcess): Promise<void> => {
  for (let tries = 0; tries < READY_TRIES; tries += 1) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`);
    const answer = await fetch(`${url}/health`).catch(() => undefined);
    if (answer?.ok) return;
    await wait(READY_EVERY_MS);
  }
  throw new Error("the server did not get ready");
};

/** Starts a server and makes its first administrator, and a key that may do everything. */
export const startServer = async (log: string, { founded = true } = {}): Promise<Server> => {
  const binary = process.env["SHELDUCK_BIN"];
  if (!binary) throw new Error("SHELDUCK_BIN names the binary to test");
  const dir = await mkdtemp(join(tmpdir(), "shelduck-e2e-"));
  const { config, setup_url } = await init(binary, dir);
  const [port, adminPort] = [await freePort(), await freePort()];
  const url = `http://localhost:${port}`;
  // What the tests themselves are told by variables is no setting of the server's.
  const others = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith("SHELDUCK_")),
  );
  const child = spawn(binary, ["serve", "--config", config], {
    stdio: ["ignore", "ignore", "pipe"],
    env: {
      ...others,
      SHELDUCK_HTTP__LISTEN: `127.0.0.1:${port}`,
      SHELDUCK_ADMIN__LISTEN: `127.0.0.1:${adminPort}`,
      SHELDUCK_SERVER__PUBLIC_URL: url,
      // Everybody in these tests has one address.
      SHELDUCK_LIMITS__CATEGORIES__AUTH: "6000",
      SHELDUCK_LIMITS__CATEGORIES__READ: "6000",
      SHELDUCK_LIMITS__CATEGORIES__WRITE: "6000",
      SHELDUCK_LIMITS__CATEGORIES__OTHER: "6000",
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
    await ready(url, child);
    const { pathname, hash } = new URL(setup_url);
    const setupUrl = url + pathname + hash;
    const program = founded ? await setUp(url, hash.replace("#secret=", "")) : new Caller(url);
    return { url, program, setupUrl, stop };
  } catch (error) {
    await stop();
    throw error;
  }
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
