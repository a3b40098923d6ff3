// Light or dark as this phone was told, before anything is painted; asked and told again by platform/web/look.rs.
// A file of its own because the server's content policy allows no script inside a page.
(function () {
  var KEY = "lianxin-look", PAPER = { light: "#faf7f2", dark: "#151311" };
  function kept() {
    // A browser that keeps nothing for pages goes by the system's setting.
    try { return localStorage.getItem(KEY) || ""; } catch (error) { return ""; }
  }
  function show(look) {
    var bars = document.querySelectorAll('meta[name="theme-color"]'), i;
    document.documentElement.className = PAPER[look] ? look : "";
    for (i = 0; i < bars.length; i++) {
      bars[i].content = PAPER[look] || PAPER[/dark/.test(bars[i].media) ? "dark" : "light"];
    }
  }
  window.lianxinLook = function (look) {
    if (look === undefined) { return kept(); }
    try { localStorage.setItem(KEY, look); } catch (error) { /* It holds until the page is closed. */ }
    show(look);
    return look;
  };
  show(kept());
})();
