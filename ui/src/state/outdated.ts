// A page that was open while the server was upgraded asks for code that is no longer there.

const STORAGE_KEY = "shelduck.reloaded_at";
const AGAIN_MS_MIN = 30_000;

/** Loads the page anew when code of it is gone; if that does not help, it is left to the page to say so. */
export function reloadWhenOutdated(): void {
  addEventListener("vite:preloadError", () => {
    const last = Number(sessionStorage.getItem(STORAGE_KEY) ?? 0);
    if (Date.now() - last < AGAIN_MS_MIN) return;
    sessionStorage.setItem(STORAGE_KEY, String(Date.now()));
    location.reload();
  });
}
