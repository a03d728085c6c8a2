// The demo shop: a cart that lives as long as the tab, and two events for the tracker.

const THINGS = {
  "tea-bowl": { name: "Tea bowl", cents: 3990 },
  "elm-board": { name: "Elm board", cents: 5400 },
};

// The tracker loads beside this script; calls made before it is there wait in a queue.
window.shelduck =
  window.shelduck ||
  function () {
    (window.shelduck.q = window.shelduck.q || []).push(arguments);
  };

const find = (selector) => document.querySelector(selector);
const euros = (cents) => `€${(cents / 100).toFixed(2)}`;

const readCart = () => JSON.parse(sessionStorage.getItem("cart") ?? "{}");
const writeCart = (cart) => sessionStorage.setItem("cart", JSON.stringify(cart));
const lines = () => Object.entries(readCart()).filter(([id]) => id in THINGS);
const totalCents = () => lines().reduce((sum, [id, count]) => sum + THINGS[id].cents * count, 0);

const showCount = () => {
  const count = lines().reduce((sum, [, each]) => sum + each, 0);
  const badge = find("[data-cart-count]");
  badge.hidden = count === 0;
  badge.textContent = String(count);
};

const say = (text) => {
  find("[data-said]").textContent = text;
};

const add = (id) => {
  const cart = readCart();
  cart[id] = (cart[id] ?? 0) + 1;
  writeCart(cart);
  showCount();
  say(`${THINGS[id].name} is in your cart.`);
  window.shelduck("Add to cart", { props: { product: THINGS[id].name } });
};

const buy = () => {
  const amount = (totalCents() / 100).toFixed(2);
  const products = lines().map(([id]) => THINGS[id].name);
  window.shelduck("Purchase", { revenue: { currency: "EUR", amount }, props: { products: products.join(", ") } });
  writeCart({});
  location.assign("/demo/thanks");
};

const cell = (name, text) => {
  const element = document.createElement(name);
  element.textContent = text;
  return element;
};

const showCart = () => {
  const rows = lines().map(([id, count]) => {
    const row = document.createElement("tr");
    row.append(cell("td", THINGS[id].name), cell("td", String(count)), cell("td", euros(THINGS[id].cents * count)));
    return row;
  });
  find("[data-lines]").replaceChildren(...rows);
  find("[data-total]").textContent = euros(totalCents());
  find("[data-full]").hidden = rows.length === 0;
  find("[data-empty]").hidden = rows.length > 0;
};

showCount();
if (find("[data-lines]")) showCart();
find("[data-add]")?.addEventListener("click", (event) => add(event.currentTarget.dataset.add));
find("[data-buy]")?.addEventListener("click", buy);
find("[data-letter]")?.addEventListener("submit", (event) => {
  event.preventDefault();
  event.currentTarget.reset();
  say("Thank you. This is a demo, so no letter will come.");
});
