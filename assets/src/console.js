// The console works without this script. It spares full reloads: a change of a filter searches at once, and
// lists are swapped in place. Only same-origin pages are fetched, and only their <main> is taken over.
"use strict";
(() => {
  const main = () => document.getElementById("main");
  let running = null;

  // Swaps <main> for that of `address`; anything unexpected becomes an ordinary page load.
  async function swap(address, remember) {
    running?.abort();
    running = new AbortController();
    const signal = running.signal;
    main().setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(address, { signal, headers: { accept: "text/html" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const next = page.getElementById("main");
      // Signed out meanwhile, or an error page without rooms: go there for real.
      if (answer.redirected || !next || next.classList.contains("bare")) {
        location.assign(address);
        return;
      }
      const kept = keepFocus();
      main().replaceWith(document.adoptNode(next));
      const rooms = page.querySelector("nav ul");
      if (rooms) document.querySelector("nav ul")?.replaceWith(document.adoptNode(rooms));
      document.title = page.title;
      if (remember) history.pushState(null, "", address);
      kept();
      markWide();
    } catch (error) {
      if (error.name !== "AbortError") location.assign(address);
    }
  }

  // Marks the tables that are wider than their place: the sheet then says that they can be moved.
  function markWide() {
    for (const place of document.querySelectorAll(".scroll")) {
      place.toggleAttribute("data-wide", place.scrollWidth > place.clientWidth + 1);
    }
  }
  addEventListener("resize", markWide);
  markWide();

  // Remembers which field was being typed into, and puts the caret back after the swap.
  function keepFocus() {
    const field = document.activeElement;
    const name = field?.closest("form[data-filter]") && field.name;
    const [typed, caret] = [field?.value, field?.selectionStart];
    return () => {
      const again = name && main().querySelector(`form[data-filter] [name="${CSS.escape(name)}"]`);
      if (!again) return;
      again.focus();
      if (typeof caret === "number" && again.type === "search") {
        again.value = typed;
        again.setSelectionRange(caret, caret);
      }
    };
  }

  function filterAddress(form) {
    const given = [...new FormData(form)].filter(([, value]) => value !== "");
    const query = new URLSearchParams(given).toString();
    return form.action + (query ? `?${query}` : "");
  }

  document.addEventListener("submit", (event) => {
    if (!event.target.matches("form[data-filter]")) return;
    event.preventDefault();
    swap(filterAddress(event.target), true);
  });

  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-filter]");
    if (form && event.target.type !== "search") swap(filterAddress(form), true);
  });

  // Searches while one types, but never in the middle of a Chinese composition.
  let pause = 0;
  document.addEventListener("input", (event) => {
    const form = event.target.closest("form[data-filter]");
    if (!form || event.target.type !== "search" || event.isComposing) return;
    clearTimeout(pause);
    pause = setTimeout(() => swap(filterAddress(form), true), 350);
  });
  document.addEventListener("compositionend", (event) => {
    event.target.dispatchEvent(new Event("input", { bubbles: true }));
  });

  document.addEventListener("click", (event) => {
    const link = event.target.closest(".pager a, th a, .filter a");
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    swap(link.href, true).then(() => scrollTo(0, 0));
  });

  addEventListener("popstate", () => swap(location.href, false));
})();
