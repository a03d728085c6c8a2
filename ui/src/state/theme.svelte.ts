// Light, dark, or as the system says. The choice belongs to this browser, not to the address.

export type ThemeChoice = "system" | "light" | "dark";

export const THEMES: readonly ThemeChoice[] = ["system", "light", "dark"];

const STORAGE_KEY = "shelduck.theme";

function stored(): ThemeChoice {
  const value = localStorage.getItem(STORAGE_KEY);
  return THEMES.find((theme) => theme === value) ?? "system";
}

export class Theme {
  #choice = $state<ThemeChoice>(stored());
  #systemDark = $state(matchMedia("(prefers-color-scheme: dark)").matches);
  readonly dark = $derived(this.#choice === "system" ? this.#systemDark : this.#choice === "dark");

  constructor() {
    this.#apply();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", (event) => {
      this.#systemDark = event.matches;
    });
  }

  get choice(): ThemeChoice {
    return this.#choice;
  }

  set choice(choice: ThemeChoice) {
    this.#choice = choice;
    localStorage.setItem(STORAGE_KEY, choice);
    this.#apply();
  }

  #apply(): void {
    const scheme = this.#choice === "system" ? "light dark" : this.#choice;
    document.documentElement.style.colorScheme = scheme;
  }
}
