// The colours of `tokens.css` as a canvas understands them.

/** The value of a colour token where `element` stands, with light or dark already chosen. */
export function tokenColor(element: HTMLElement, name: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  element.append(probe);
  const color = getComputedStyle(probe).color;
  probe.remove();
  return color;
}
