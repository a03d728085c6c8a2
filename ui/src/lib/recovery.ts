// Recovery codes as a text to keep.

/** What is saved to a file or copied. */
export function recoveryText(
  codes: readonly string[],
  owner: { username: string; host: string; at: string },
): string {
  return [
    `Recovery codes of ${owner.username} at ${owner.host}`,
    `Made on ${owner.at}. Each opens the account once, together with the password.`,
    "",
    ...codes,
    "",
  ].join("\n");
}

/** The name of the file, without letters that file systems mind. */
export function recoveryFile(username: string): string {
  return `shelduck-recovery-codes-${username.replace(/[^\w.-]+/g, "_")}.txt`;
}
