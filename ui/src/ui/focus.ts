// Where the keyboard goes.

import type { Attachment } from "svelte/attachments";

/** Takes the focus when it appears, wherever that was; `autofocus` does so in a page that has none. */
export const takeFocus: Attachment<HTMLElement> = (element) => element.focus();
