// Where we are. The address is the state of the dashboard: pages read it, and change it by navigating.

export class Router {
  #url = $state.raw(new URL(location.href));

  /** The address, replaced at each navigation. */
  get url(): URL {
    return this.#url;
  }

  get path(): string {
    return this.#url.pathname;
  }

  /** Goes to an address of the dashboard. */
  navigate(href: string, options: { replace?: boolean; keepScroll?: boolean } = {}): void {
    const next = new URL(href, this.#url);
    if (next.href === this.#url.href) return;
    if (options.replace) history.replaceState(null, "", next);
    else history.pushState(null, "", next);
    this.#url = next;
    if (!options.keepScroll) scrollTo(0, 0);
  }

  /** Changes query parameters of this page; null or an empty list removes one. */
  setParams(
    changes: Record<string, string | readonly string[] | null>,
    options: { replace?: boolean } = {},
  ): void {
    this.navigate(this.withParams(changes), { ...options, keepScroll: true });
  }

  /** This page's address with other query parameters. */
  withParams(changes: Record<string, string | readonly string[] | null>): string {
    const next = new URL(this.#url);
    for (const [name, value] of Object.entries(changes)) {
      next.searchParams.delete(name);
      for (const each of typeof value === "string" ? [value] : (value ?? [])) {
        next.searchParams.append(name, each);
      }
    }
    next.hash = "";
    // Commas and slashes are legal in a query, and easier to read as they are.
    next.search = next.search.replaceAll("%2C", ",").replaceAll("%2F", "/");
    return next.pathname + next.search;
  }

  /** Follows the browser's back button and the links of this page; returns the undo. */
  listen(): () => void {
    const onPop = () => (this.#url = new URL(location.href));
    const onClick = (event: MouseEvent) => {
      const anchor = (event.target as Element | null)?.closest?.("a[href]");
      if (anchor instanceof HTMLAnchorElement && isOurs(event, anchor)) {
        event.preventDefault();
        this.navigate(anchor.href);
      }
    };
    addEventListener("popstate", onPop);
    addEventListener("click", onClick);
    return () => {
      removeEventListener("popstate", onPop);
      removeEventListener("click", onClick);
    };
  }
}

/** Whether a click on a link is one the dashboard follows itself. */
function isOurs(event: MouseEvent, anchor: HTMLAnchorElement): boolean {
  if (event.defaultPrevented || event.button !== 0) return false;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return false;
  if (anchor.origin !== location.origin || anchor.target || anchor.hasAttribute("download")) {
    return false;
  }
  // A fragment of this very page is the browser's to jump to.
  return !(
    anchor.hash &&
    anchor.pathname === location.pathname &&
    anchor.search === location.search
  );
}
