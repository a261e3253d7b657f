// Runs before the page is drawn, so that nobody sees a flash of the wrong theme; without it, “auto” is light.
(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => {
    if ((root.dataset.theme || "auto") === "auto") root.dataset.bsTheme = dark.matches ? "dark" : "light";
  };
  follow();
  dark.addEventListener("change", follow);
})();
