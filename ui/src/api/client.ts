// Requests to the server, and what their refusal looks like.

import type { Problem as ProblemBody } from "./schema";

/** A request that was not answered with what it asked for. `status` 0: no answer at all. */
export class Problem extends Error {
  readonly status: number;
  readonly type: string;
  readonly requestId: string | undefined;
  readonly fields: ReadonlyMap<string, string>;
  readonly retryAfterS: number | null;

  constructor(body: Partial<ProblemBody>, retryAfterS: number | null = null) {
    super(body.detail ?? body.title ?? "The server did not answer.");
    this.status = body.status ?? 0;
    this.type = body.type ?? "about:blank";
    this.requestId = body.request_id;
    this.fields = new Map(body.errors?.map(({ field, message }) => [field, sentence(message)]));
    this.retryAfterS = retryAfterS;
  }

  /** Whether it is of the kind that the server calls so. */
  is(kind: string): boolean {
    return this.type === `urn:shelduck:problem:${kind}`;
  }

  /** Whether a 401 means that there is no session; a wrong password or code does not. */
  endsSession(): boolean {
    return this.is("unauthenticated") || this.type === "about:blank";
  }

  /** Whether what was shown to prove who one is was wrong. */
  disproves(): boolean {
    return this.is("wrong-credentials") || this.is("wrong-factor");
  }
}

/** The server's reasons are to be read after the field's name; under the field they stand alone. */
function sentence(reason: string): string {
  const text = reason.charAt(0).toUpperCase() + reason.slice(1);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

export type Query = Record<string, string | number | null | undefined>;

export interface RequestOptions {
  query?: Query | undefined;
  body?: unknown;
  signal?: AbortSignal | undefined;
}

export type Method = "GET" | "POST" | "PATCH" | "DELETE";

/** Builds a path from segments, each percent-encoded. */
export function path(...segments: string[]): string {
  return `/v1/${segments.map(encodeURIComponent).join("/")}`;
}

function withQuery(url: string, query: Query | undefined): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== null && value !== undefined) params.set(name, String(value));
  }
  return params.size > 0 ? `${url}?${params}` : url;
}

/** Seconds of a `Retry-After` header, given as seconds or as a date. */
export function parseRetryAfter(header: string | null, now: number): number | null {
  if (!header) return null;
  if (/^\d+$/.test(header)) return Number(header);
  const at = Date.parse(header);
  return Number.isNaN(at) ? null : Math.max(0, Math.ceil((at - now) / 1000));
}

async function problemOf(response: Response): Promise<Problem> {
  const retryAfter = parseRetryAfter(response.headers.get("retry-after"), Date.now());
  const fallback = { title: `The server answered ${response.status}.`, status: response.status };
  try {
    const body = (await response.json()) as Partial<ProblemBody>;
    return new Problem({ ...fallback, ...body }, retryAfter);
  } catch {
    return new Problem(fallback, retryAfter);
  }
}

/** What an act comes to when its owner does not prove who is acting. */
const NOT_CONFIRMED = {
  title: "You did not confirm that it is you, so nothing was changed.",
  status: 403,
  type: "urn:shelduck:problem:step-up-required",
};

export class Client {
  /** Told when the server says that nobody is signed in. */
  onSignedOut: () => void = () => undefined;

  /** Asked when an act needs a fresh proof of who is acting; says whether there is one now. */
  onStepUp: () => Promise<boolean> = () => Promise.resolve(false);

  /**
   * Sends one request; throws a `Problem`, or an `AbortError` when `signal` fired.
   * What the server refuses for want of a fresh proof is sent once more when the proof was given.
   */
  async send<T>(method: Method, url: string, options: RequestOptions = {}): Promise<T> {
    try {
      return await this.#sendOnce<T>(method, url, options);
    } catch (error) {
      if (!(error instanceof Problem && error.is("step-up-required"))) throw error;
      if (!(await this.onStepUp())) throw new Problem(NOT_CONFIRMED);
      return this.#sendOnce<T>(method, url, options);
    }
  }

  async #sendOnce<T>(method: Method, url: string, options: RequestOptions): Promise<T> {
    const init: RequestInit = { method, headers: { accept: "application/json" } };
    if (options.signal) init.signal = options.signal;
    if (options.body !== undefined) {
      init.headers = { ...init.headers, "content-type": "application/json" };
      init.body = JSON.stringify(options.body);
    }
    const response = await fetch(withQuery(url, options.query), init).catch((error: unknown) => {
      if (error instanceof DOMException && error.name === "AbortError") throw error;
      throw new Problem({ title: "The server cannot be reached." });
    });
    if (!response.ok) {
      const problem = await problemOf(response);
      if (response.status === 401 && problem.endsSession()) this.onSignedOut();
      throw problem;
    }
    if (response.status === 204) return undefined as T;
    return (await response.json()) as T;
  }

  get<T>(url: string, query?: Query, signal?: AbortSignal): Promise<T> {
    return this.send<T>("GET", url, { query, signal });
  }

  post<T>(url: string, body?: unknown): Promise<T> {
    return this.send<T>("POST", url, { body });
  }

  patch<T>(url: string, body: unknown): Promise<T> {
    return this.send<T>("PATCH", url, { body });
  }

  delete(url: string): Promise<void> {
    return this.send<undefined>("DELETE", url);
  }
}
