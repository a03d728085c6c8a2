// What the shell gives to all that is inside it.

import { createContext } from "svelte";
import type { Router } from "./router.svelte";
import type { Session } from "./session.svelte";
import type { Sites } from "./sites.svelte";
import type { Theme } from "./theme.svelte";
import type { View } from "./view.svelte";
import type { Live } from "./live.svelte";

export const [getRouter, setRouter] = createContext<Router>();
export const [getSession, setSession] = createContext<Session>();
export const [getTheme, setTheme] = createContext<Theme>();
/** Inside the shell only. */
export const [getSites, setSites] = createContext<Sites>();
/** Inside the page of a site only. */
export const [getView, setView] = createContext<View>();
export const [getLive, setLive] = createContext<Live>();
