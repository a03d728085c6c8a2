// Events from clicks and forms: outbound links, downloads, and elements tagged by their class. Only in the full build.

import { attribute, has } from "./features";
import { send, type Options } from "./send";

const DOWNLOADS =
  "pdf,xlsx,docx,txt,rtf,csv,exe,key,pps,ppt,pptx,7z,pkg,rar,gz,zip,avi,mov,mp4,mpeg,wmv,midi,mp3,wav,wma,dmg";

/** `file-types` on the script tag replaces the list, `add-file-types` adds to it. */
const isDownload = ({ pathname }: HTMLAnchorElement) =>
  `${attribute("file-types") ?? DOWNLOADS},${attribute("add-file-types")}`
    .split(/\s*,\s*/)
    .includes(pathname.split(".").pop()!.toLowerCase());

/** `plausible-event-name=Sign+Up plausible-event-plan=pro plausible-revenue-amount=9.90` on an element or close above it. */
const tagged = (start: Element | null): { name: string; options: Options } | undefined => {
  // Four levels: the element clicked may be an icon inside a span inside the tagged button.
  for (
    let element = start, level = 0;
    element && level < 4;
    element = element.parentElement, level++
  ) {
    const props: Record<string, string> = {};
    const revenue: Record<string, string> = {};
    for (const entry of element.classList) {
      const [, kind, key, value] =
        /^(?:plausible|shelduck)-(event|revenue)-([^=]+)(?:=|--)(.+)$/.exec(entry) ?? [];
      if (value) (kind == "event" ? props : revenue)[key!] = value.replace(/\+/g, " ");
    }
    const { name, ...rest } = props;
    const { currency, amount } = revenue;
    if (name)
      return {
        name,
        options: { props: rest, revenue: currency && amount ? { currency, amount } : undefined },
      };
  }
};

const onClick = (event: MouseEvent) => {
  if (event.type == "auxclick" && event.button != 1) return; // the middle button opens a tab, the right one a menu
  const { target } = event;
  if (!(target instanceof Element)) return;
  const link = target.closest<HTMLAnchorElement>("a[href]");
  if (has("tagged-events")) {
    const tag = tagged(target) ?? tagged(link);
    // A form is counted when it is submitted, not when somebody clicks into it.
    if (tag && tagged(target.closest("form"))?.name != tag.name) return send(tag.name, tag.options);
  }
  // `protocol` is missing on links inside SVG, and is `mailto:` and the like on links that lead to no page.
  if (!link?.protocol?.startsWith("http")) return;
  const options = { props: { url: link.href } };
  if (has("file-downloads") && isDownload(link)) {
    send("File Download", options);
  } else if (has("outbound-links") && link.host != location.host) {
    send("Outbound Link: Click", options);
  }
};

const onSubmit = (event: Event) => {
  const form = event.target as HTMLFormElement;
  const tag = has("tagged-events") && tagged(form);
  if (tag) send(tag.name, tag.options);
  else if (has("form-submissions"))
    send("Form: Submission", { props: { path: location.pathname } });
};

export const watchClicks = () => {
  document.addEventListener("click", onClick);
  document.addEventListener("auxclick", onClick);
  document.addEventListener("submit", onSubmit, true);
};
