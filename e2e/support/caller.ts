// Calls the API as a program does, or as a browser with a session.

type Json = any;

export class Caller {
  readonly #url: string;
  readonly #key: string | undefined;
  #cookie: string | undefined;

  constructor(url: string, key?: string) {
    this.#url = url;
    this.#key = key;
  }

  /** The session, as a browser keeps it. */
  get cookie(): { name: string; value: string } {
    const [name, value] = (this.#cookie ?? "").split(/=(.*)/s);
    return { name: name ?? "", value: value ?? "" };
  }

  /** Sends a request; the status and the body. */
  async send(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ status: number; body: Json }> {
    const headers: Record<string, string> = { origin: this.#url, "sec-fetch-site": "same-origin" };
    if (this.#key) headers["authorization"] = `Bearer ${this.#key}`;
    if (this.#cookie) headers["cookie"] = this.#cookie;
    if (body !== undefined) headers["content-type"] = "application/json";
    const init: RequestInit = { method, headers };
    if (body !== undefined) init.body = JSON.stringify(body);
    const response = await fetch(this.#url + path, init);
    for (const cookie of response.headers.getSetCookie()) {
      if (cookie.startsWith("__Host-shelduck=")) this.#cookie = cookie.split(";")[0];
    }
    const text = await response.text();
    return { status: response.status, body: text ? JSON.parse(text) : undefined };
  }

  async #expect(method: string, path: string, body?: unknown): Promise<Json> {
    const answer = await this.send(method, path, body);
    if (answer.status >= 300)
      throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  get(path: string): Promise<Json> {
    return this.#expect("GET", path);
  }

  post(path: string, body?: unknown): Promise<Json> {
    return this.#expect("POST", path, body);
  }

  patch(path: string, body: unknown): Promise<Json> {
    return this.#expect("PATCH", path, body);
  }
}
