import "@fontsource-variable/instrument-sans/wght.css";
import "./css/tokens.css";
import "./css/base.css";

import { mount } from "svelte";
import App from "./App.svelte";

const target = document.getElementById("app");
if (target) mount(App, { target });
