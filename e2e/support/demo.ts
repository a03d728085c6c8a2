// The running product: `shelduck demo` as a user starts it, and what it says about itself.

import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, existsSync } from "node:fs";
import { createInterface } from "node:readline";

/** The line that `shelduck demo --json` prints when it is ready. */
export interface Demo {
  url: string;
  login_url: string;
  admin_user: string;
  admin_password: string;
  api_key: string;
  data_dir: string;
  site: string;
}

const READY_MS = 120_000;
const STOP_MS = 30_000;

/** What the tests were told by the process that started the product. */
export const demo = (): Demo => JSON.parse(process.env["SHELDUCK_DEMO"] ?? "null") as Demo;

/** Rejects after a while, without keeping the process alive. */
const deadline = (ms: number, what: string) =>
  new Promise<never>((_, reject) =>
    setTimeout(() => reject(new Error(`${what} within ${ms} ms`)), ms).unref(),
  );

/** Starts the product; the log goes to a file. */
export const startDemo = async (binary: string, log: string): Promise<[Demo, ChildProcess]> => {
  const child = spawn(binary, ["demo", "--json", "--listen", "127.0.0.1:0"], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  child.stderr.pipe(createWriteStream(log));
  const ended = once(child, "exit").then(([code]) => {
    throw new Error(`${binary} demo ended with ${code} before it was ready; see ${log}`);
  });
  const line = once(createInterface(child.stdout), "line").then(
    ([text]) => JSON.parse(String(text)) as Demo,
  );
  return [await Promise.race([line, ended, deadline(READY_MS, "not ready")]), child];
};

/** Stops it as Ctrl-C does, and checks that it leaves nothing behind. */
export const stopDemo = async (demo: Demo, child: ChildProcess) => {
  if (child.exitCode !== null)
    throw new Error(`the product ended by itself with ${child.exitCode}`);
  const exit = once(child, "exit");
  child.kill("SIGINT");
  try {
    const [code] = await Promise.race([exit, deadline(STOP_MS, "did not stop")]);
    if (code !== 0) throw new Error(`the product stopped with ${code}`);
  } finally {
    child.kill("SIGKILL");
  }
  if (existsSync(demo.data_dir)) throw new Error(`${demo.data_dir} was left behind`);
};
