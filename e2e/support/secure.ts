// The server with a certificate of an authority of its own, and a browser that trusts it: cookies, origins and Sec-Fetch are as
// on the internet, with nothing switched off.

import { chromium, type BrowserContext } from "@playwright/test";
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

export const HOSTS = ["app.gate.test", "evil.gate.test", "evil.test"] as const;

export interface Secure {
  /** Our server, under the first host. */
  origin: string;
  /** The secret of the one-time setup. */
  secret: string;
  /** The port under which the other hosts serve `pages`. */
  port: number;
  context: BrowserContext;
  stop: () => Promise<void>;
}

export interface Page {
  html: string;
  headers?: Record<string, string | string[]>;
}

const run = (program: string, line: string) =>
  execFileSync(program, line.split(" "), { stdio: "pipe" });

const certify = (dir: string) => {
  const names = HOSTS.map((host) => `DNS:${host}`).join(",");
  run(
    "openssl",
    `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 60 -subj /CN=gate-tests ` +
      `-addext subjectAltName=${names} -addext basicConstraints=critical,CA:TRUE ` +
      `-keyout ${dir}/key.pem -out ${dir}/certificate.pem`,
  );
  // Chromium reads the authorities of the home folder it is started in.
  const store = join(dir, ".pki", "nssdb");
  mkdirSync(store, { recursive: true });
  run("certutil", `-N -d sql:${store} --empty-password`);
  run("certutil", `-A -d sql:${store} -n gate-tests -t C,, -i ${dir}/certificate.pem`);
};

const serve = async (dir: string): Promise<[ChildProcess, { url: string; setup_url: string }]> => {
  const child = spawn(process.env["SHELDUCK_BIN"]!, ["serve", "--json"], {
    cwd: dir,
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      SHELDUCK_SERVER__DATA_DIR: join(dir, "data"),
      SHELDUCK_HTTP__LISTEN: "127.0.0.1:0",
      SHELDUCK_HTTP__TLS__CERTIFICATE: join(dir, "certificate.pem"),
      SHELDUCK_HTTP__TLS__KEY: join(dir, "key.pem"),
      SHELDUCK_ADMIN__LISTEN: "127.0.0.1:0",
      SHELDUCK_LOG__LEVEL: "error",
      SHELDUCK_LIMITS__CATEGORIES__AUTH: "10000",
      SHELDUCK_LIMITS__CATEGORIES__READ: "10000",
      SHELDUCK_LIMITS__CATEGORIES__WRITE: "10000",
      SHELDUCK_LIMITS__CATEGORIES__OTHER: "10000",
      SHELDUCK_LIMITS__CATEGORIES__BAD_CREDENTIALS: "10000",
      SHELDUCK_LIMITS__BURSTS__API_SIZE: "10000",
      SHELDUCK_LIMITS__BURSTS__LOGIN_SIZE: "10000",
    },
  });
  const ended = once(child, "exit").then(([code]) => {
    throw new Error(`the server ended with ${code} before it was ready`);
  });
  const line = once(createInterface(child.stdout!), "line").then(([text]) => String(text));
  return [child, JSON.parse(await Promise.race([line, ended]))];
};

/** Starts all of it. */
export const startSecure = async (
  pages: (origin: string) => Record<string, Page>,
): Promise<Secure> => {
  const dir = mkdtempSync(join(tmpdir(), "shelduck-secure-"));
  certify(dir);
  const [child, ready] = await serve(dir);
  const origin = `https://${HOSTS[0]}:${new URL(ready.url).port}`;
  const known = pages(origin);
  const foreign = createServer(
    { key: readFileSync(`${dir}/key.pem`), cert: readFileSync(`${dir}/certificate.pem`) },
    (request, response) => {
      const page = known[new URL(request.url!, "https://x.test").pathname];
      response
        .writeHead(page ? 200 : 404, {
          "content-type": "text/html; charset=utf-8",
          ...page?.headers,
        })
        .end(page?.html);
    },
  );
  await new Promise<void>((resolve) => foreign.listen(0, "127.0.0.1", resolve));
  const context = await chromium.launchPersistentContext(join(dir, "profile"), {
    executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
    env: { ...process.env, HOME: dir },
    args: ["--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP *.test 127.0.0.1"],
  });
  const stop = async () => {
    await context.close();
    foreign.closeAllConnections();
    foreign.close();
    const exit = once(child, "exit");
    child.kill("SIGTERM");
    await exit;
    rmSync(dir, { recursive: true, force: true });
  };
  const secret = ready.setup_url.split("#secret=")[1]!;
  return { origin, secret, port: (foreign.address() as AddressInfo).port, context, stop };
};
