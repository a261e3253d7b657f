// Keys and small comforts; every page works without them.

const typing = (target) => target.closest("input:not([type=radio]), textarea, select, [contenteditable]");

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

// Spot checks: 1, 2, 3 say the attitude, 4 and 5 how dissatisfaction shows, Enter keeps it, s skips.
const answer = document.querySelector("form.answer");
const press = (key) => {
  const target = document.querySelector(`.check-form [data-key="${CSS.escape(key)}"]`);
  if (!target || !target.checkVisibility()) return false;
  target.click();
  target.focus();
  return true;
};
const checkKey = (event) => {
  if (event.key === "Enter" && !event.target.closest("a, button, summary")) answer.requestSubmit();
  else if (!press(event.key)) return;
  event.preventDefault();
};

// A page that shows something under way fetches itself now and then, and puts the new part in the old one's place.
const live = document.querySelector("[data-live]");
const renew = async () => {
  const here = document.getElementById(live.id);
  if (!here.querySelector("details[open]") && !document.hidden) {
    const page = await fetch(location.href).then((answer) => (answer.ok ? answer.text() : "")).catch(() => "");
    const there = new DOMParser().parseFromString(page, "text/html").getElementById(live.id);
    if (there) here.replaceWith(there);
    if (there && !there.dataset.live) location.reload();
  }
  if (document.getElementById(live.id)?.dataset.live) setTimeout(renew, live.dataset.live * 1000);
};
if (live) setTimeout(renew, live.dataset.live * 1000);

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target)) return;
  if (event.key === "/") {
    event.preventDefault();
    document.getElementById("find")?.focus();
  } else if (cards.length && event.key in keys) {
    event.preventDefault();
    keys[event.key]();
  } else if (answer) {
    checkKey(event);
  }
});

const toAct = document.querySelector(".to-act");
const next = document.getElementById("next");
if (toAct && next) {
  new IntersectionObserver(([seen]) => toAct.classList.toggle("near", seen.isIntersecting)).observe(next.parentElement);
}
