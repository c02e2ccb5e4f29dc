// What the pages do beyond links and forms: keys, copying, printing, keeping live lists short. Without it every page still works.
"use strict";

(function () {
  const rowLinks = () => Array.from(document.querySelectorAll("table[data-rows] .row-link"));

  function typing(target) {
    return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName));
  }

  function moveRow(step) {
    const links = rowLinks();
    if (!links.length) return false;
    const here = links.indexOf(document.activeElement);
    const next = here < 0 ? (step > 0 ? 0 : links.length - 1) : Math.min(links.length - 1, Math.max(0, here + step));
    links[next].focus();
    links[next].scrollIntoView({ block: "nearest" });
    return true;
  }

  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const inTable = document.activeElement instanceof Element && document.activeElement.matches("table[data-rows] .row-link");
    let done = false;
    if (event.key === "j" || (event.key === "ArrowDown" && inTable)) done = moveRow(1);
    else if (event.key === "k" || (event.key === "ArrowUp" && inTable)) done = moveRow(-1);
    else if (event.key === "/") {
      const search = document.querySelector("[data-search]");
      if (search) { search.focus(); search.select(); done = true; }
    }
    if (done) event.preventDefault();
  });

  document.addEventListener("click", function (event) {
    const button = event.target instanceof Element ? event.target.closest("button") : null;
    if (!button) return;
    if (button.hasAttribute("data-print")) window.print();
    if (button.hasAttribute("data-copy")) copy(button);
  });

  function copy(button) {
    const text = button.getAttribute("data-copy");
    const before = button.textContent;
    const say = function (word) {
      button.textContent = word;
      setTimeout(function () { button.textContent = before; }, 1500);
    };
    if (navigator.clipboard) {
      navigator.clipboard.writeText(text).then(() => say("已复制"), () => say("请手动复制"));
      return;
    }
    const area = document.createElement("textarea"); // plain http in an office network has no clipboard interface
    area.value = text;
    document.body.append(area);
    area.select();
    say(document.execCommand("copy") ? "已复制" : "请手动复制");
    area.remove();
    button.focus();
  }

  document.addEventListener("submit", function (event) {
    const question = event.target instanceof Element ? event.target.getAttribute("data-confirm") : null;
    if (question && !window.confirm(question)) event.preventDefault();
  });

  // A live list keeps its length, and whatever counts alerts on the page is told to count again.
  watchAll();

  function watchAll() {
    for (const list of document.querySelectorAll("[data-live]:not([data-watched])")) {
      list.setAttribute("data-watched", "");
      new MutationObserver(function () {
        const most = Number(list.getAttribute("data-keep") || 200);
        while (list.children.length > most) list.lastElementChild.remove();
        document.body.dispatchEvent(new CustomEvent("alerts-changed"));
      }).observe(list, { childList: true });
    }
  }
  document.addEventListener("htmx:after:swap", watchAll);
})();
