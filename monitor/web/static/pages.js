// Keys and small comforts; every page works without them.

const typing = (target) => target.closest("input, textarea, select, [contenteditable]");

// The button of a form with a department says where the ticket will go.
for (const button of document.querySelectorAll("button[data-follows]")) {
  const choice = button.form.elements[button.dataset.follows];
  const plain = button.textContent;
  const say = () => { button.textContent = choice.value ? button.dataset.prefix + choice.value : plain; };
  choice.addEventListener("change", say);
  say();
}

// A form is sent once, however often its button is pressed.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
});
addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((f) => delete f.dataset.sent));

// An open menu closes when one looks elsewhere.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});

// Signals: j and k move, a accepts, d goes to the reasons for dismissing.
const cards = [...document.querySelectorAll(".signal")];
let at = -1;
const go = (to) => {
  if (!cards.length) return;
  at = Math.max(0, Math.min(cards.length - 1, to));
  cards[at].focus({ preventScroll: true });
  cards[at].scrollIntoView({ block: "nearest" });
};
cards.forEach((card, number) => card.addEventListener("focusin", () => { at = number; }));
const keys = {
  j: () => go(at + 1),
  k: () => go(at - 1),
  a: () => cards[Math.max(at, 0)]?.querySelector("button[data-key=a]").click(),
  d: () => {
    const reasons = cards[Math.max(at, 0)]?.querySelector("select[data-key=d]");
    reasons?.focus();
    try { reasons?.showPicker(); } catch { /* the focus alone is enough */ }
  },
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target)) return;
  if (event.key === "/") {
    event.preventDefault();
    document.getElementById("find")?.focus();
  } else if (cards.length && event.key in keys) {
    event.preventDefault();
    keys[event.key]();
  }
});

const toAct = document.querySelector(".to-act");
const next = document.getElementById("next");
if (toAct && next) {
  new IntersectionObserver(([seen]) => toAct.classList.toggle("near", seen.isIntersecting)).observe(next.parentElement);
}
