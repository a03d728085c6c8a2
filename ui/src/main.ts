import "@fontsource-variable/instrument-sans/wght.css";
import "./css/tokens.css";
import "./css/base.css";

import { mount } from "svelte";
import App from "./App.svelte";
import { reloadWhenOutdated } from "./state/outdated";

reloadWhenOutdated();

const target = document.getElementById("app");
if (target) mount(App, { target });
