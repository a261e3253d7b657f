// Makes the public pages more comfortable; every one of them works without it.
(() => {
  "use strict";
  const store = {
    get: (key) => { try { return localStorage.getItem(key); } catch { return null; } },
    set: (key, value) => { try { localStorage.setItem(key, value); } catch { /* private browsing: no draft */ } },
    drop: (key) => { try { localStorage.removeItem(key); } catch { /* as above */ } },
  };
  const keyOf = (name) => `draft:${name}`;

  // The complaint arrived: its draft has done its work.
  const sent = document.body.dataset.clearDraft;
  if (sent) store.drop(keyOf(sent));

  // Only the running text is kept, never the contact: the device may be shared.
  for (const form of document.querySelectorAll("form[data-draft]")) {
    const area = form.querySelector("textarea");
    const state = form.querySelector("[data-state]");
    const key = keyOf(form.dataset.draft);
    const most = Number(area.dataset.most || 0);
    const tell = (saved) => {
      if (!state) return;
      const length = [...area.value.trim()].length;
      const over = most > 0 && length > most;
      state.classList.toggle("over", over);
      if (over) state.textContent = `最多 ${most} 个字，多了 ${length - most} 个`;
      else if (length) state.textContent = `${length} 个字${saved ? " · 草稿存在这台设备上" : ""}`;
      else state.textContent = "";
    };
    const draft = store.get(key);
    const refused = document.getElementById("problem");
    if (draft && !area.value && !refused) area.value = draft;
    tell(Boolean(draft));
    let timer = 0;
    area.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => { store.set(key, area.value); tell(true); }, 400);
    });
    if (form.dataset.draft !== "complaint") form.addEventListener("submit", () => store.drop(key));
  }

  // A second click while the first is under way does nothing; going back makes the button usable again.
  for (const form of document.querySelectorAll("form[data-sends-once]")) {
    const button = form.querySelector("[type=submit]");
    form.addEventListener("submit", (event) => {
      if (button.getAttribute("aria-disabled") === "true") event.preventDefault();
      button.setAttribute("aria-disabled", "true");
    });
    addEventListener("pageshow", () => button.removeAttribute("aria-disabled"));
  }

  for (const button of document.querySelectorAll("[data-copies]")) {
    if (!navigator.clipboard) continue;
    const label = button.textContent;
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copies).textContent);
      button.textContent = "已复制";
      setTimeout(() => { button.textContent = label; }, 2000);
    });
  }

  const problem = document.getElementById("problem");
  if (problem) problem.focus();
})();
