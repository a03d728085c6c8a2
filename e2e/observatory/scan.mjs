// Starts the server with a certificate on ports 80 and 443 of this machine, lets the Observatory look at it, and wants A+ with
// at least 135 points. Other ports will not do: the Observatory follows the redirect from port 80 to port 443.

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const HOST = "stats.test";
const SCORE_MIN = 135;
const binary = process.env["SHELDUCK_BIN"];
if (!binary) throw new Error("SHELDUCK_BIN names the binary to test");

/** The second run of this file: with our authority trusted and our name leading here. */
const inside = process.env["OBSERVATORY_INSIDE"] === "1";

const scanInside = async () => {
  const dns = await import("node:dns");
  const { lookup } = dns.default;
  dns.default.lookup = (name, options, done) =>
    name === HOST ? lookup("127.0.0.1", options, done ?? options) : lookup(name, options, done);
  const { scan } = await import("@mdn/mdn-http-observatory");
  const { scan: summary, tests } = await scan(HOST);
  const failed = Object.entries(tests).filter(([, test]) => !test.pass);
  console.log(
    `${summary.grade} ${summary.score}, ${summary.testsPassed} of ${summary.testsQuantity}`,
  );
  for (const [name, test] of failed) console.log(`  ${name}: ${test.result} ${test.scoreModifier}`);

  // The page sets no cookie, so what the sign-in sets is judged beside it, by the Observatory's own rule.
  const { retrieve } = await import("@mdn/mdn-http-observatory/src/retriever/retriever.js");
  const { cookiesTest } = await import("@mdn/mdn-http-observatory/src/analyzer/tests/cookies.js");
  const { getScoreModifier } = await import("@mdn/mdn-http-observatory/src/grader/grader.js");
  const answer = await fetch(`https://${HOST}/v1/auth/setup`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      secret: process.env["OBSERVATORY_SECRET"],
      username: "observer",
      password: "grebe.lagoon.7.tarpaulin.quince",
    }),
  });
  if (!answer.ok) throw new Error(`setup: ${answer.status} ${await answer.text()}`);
  const retrieved = await retrieve(HOST);
  for (const line of answer.headers.getSetCookie())
    retrieved.session.jar.setCookieSync(line, `https://${HOST}/`);
  const cookies = cookiesTest(retrieved);
  const score = summary.score + getScoreModifier(cookies.result);
  console.log(`with the session cookie: ${score}, ${cookies.result}`);
  if (summary.grade !== "A+" || score < SCORE_MIN || failed.length > 0 || !cookies.pass)
    throw new Error(`wanted A+ with ${SCORE_MIN}`);
};

/** Says what to do where a port cannot be had, instead of judging something else. */
const needPort = async (port) => {
  const server = createServer();
  const failure = once(server, "error").then(([error]) => error);
  server.listen(port, "127.0.0.1");
  const error = await Promise.race([failure, once(server, "listening").then(() => null)]);
  if (error)
    throw new Error(
      `port ${port} of 127.0.0.1 cannot be listened on (${error.code}); run this as root or set ` +
        "net.ipv4.ip_unprivileged_port_start=80, with no other web server running",
    );
  server.close();
  await once(server, "close");
};

const outside = async () => {
  for (const port of [80, 443]) await needPort(port);
  // The lists that its install script would download: which hosts are preloaded does not matter here.
  const home = dirname(
    createRequire(import.meta.url).resolve("@mdn/mdn-http-observatory/package.json"),
  );
  const list = join(home, "conf", "hsts-preload.json");
  if (!existsSync(list)) writeFileSync(list, "{}");

  const dir = mkdtempSync(join(tmpdir(), "shelduck-observatory-"));
  const [certificate, key] = [join(dir, "certificate.pem"), join(dir, "key.pem")];
  const openssl =
    `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 60 -subj /CN=${HOST} ` +
    `-addext subjectAltName=DNS:${HOST} -keyout ${key} -out ${certificate}`;
  execFileSync("openssl", openssl.split(" "), { stdio: "ignore" });
  const server = spawn(binary, ["serve", "--json"], {
    cwd: dir,
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      SHELDUCK_SERVER__DATA_DIR: join(dir, "data"),
      SHELDUCK_SERVER__PUBLIC_URL: `https://${HOST}`,
      SHELDUCK_HTTP__LISTEN: "127.0.0.1:443",
      SHELDUCK_HTTP__REDIRECT_LISTEN: "127.0.0.1:80",
      SHELDUCK_HTTP__TLS__CERTIFICATE: certificate,
      SHELDUCK_HTTP__TLS__KEY: key,
      SHELDUCK_ADMIN__LISTEN: "127.0.0.1:0",
      SHELDUCK_LOG__LEVEL: "error",
    },
  });
  try {
    const [ready] = await Promise.race([
      once(createInterface(server.stdout), "line"),
      once(server, "exit").then(([code]) =>
        Promise.reject(new Error(`the server ended with ${code}`)),
      ),
    ]);
    execFileSync(process.execPath, [fileURLToPath(import.meta.url)], {
      stdio: "inherit",
      env: {
        ...process.env,
        OBSERVATORY_INSIDE: "1",
        OBSERVATORY_SECRET: JSON.parse(ready).setup_url.split("#secret=")[1],
        NODE_EXTRA_CA_CERTS: certificate,
      },
    });
  } finally {
    server.kill("SIGTERM");
    if (server.exitCode === null) await once(server, "exit");
    rmSync(dir, { recursive: true, force: true });
  }
};

await (inside ? scanInside() : outside());
