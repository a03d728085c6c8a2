// Files that the browser saves.

/** Lets the browser save text as a file. */
export function saveText(name: string, text: string, type = "text/plain"): void {
  const url = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The browser needs the address until it has taken the data.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
