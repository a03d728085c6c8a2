// Who acted and on what, as the server writes it (`user:<id>`, `key:<id>`, `site:shop.example`), in words.

/** Ids longer than this say nothing to people. */
const SHOWN = 8;

function short(id: string): string {
  return /^[\da-f-]{16,}$/i.test(id) ? `${id.slice(0, SHOWN)}…` : id;
}

/** A subject with names in place of ids, where they are known; what follows the id stays. */
export function describeSubject(subject: string, names: ReadonlyMap<string, string>): string {
  const parts = /^(\w+):(\S+)(.*)$/.exec(subject);
  if (!parts) return subject;
  const [, kind = "", id = "", rest = ""] = parts;
  const name = names.get(id) ?? short(id);
  return kind === "user" ? name + rest : `${kind} ${name}${rest}`;
}
