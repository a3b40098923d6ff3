// Looks whether this browser can keep the store, says in plain words which one can, and starts the app.
// Old browsers must be able to read this: no syntax newer than 2009. It is a file of its own because the server's
// content policy allows no script inside a page.
(function () {
  var start = document.getElementById("start");
  function show(title, lines) {
    var html = "<h1>" + title + "</h1>", i;
    for (i = 0; i < lines.length; i++) { html += "<p>" + lines[i] + "</p>"; }
    start.innerHTML = html;
    start.hidden = false;
  }
  function text(value) {
    return String(value).replace(/[&<>"]/g, function (c) { return "&#" + c.charCodeAt(0) + ";"; });
  }
  var open = false;
  window.lianxinUnsupported = function (missing) {
    open = true;
    var lines = ["这个浏览器不能安全保存走访资料（缺少" + text(missing) + "），所以没有打开。"];
    if (/MicroMessenger/i.test(navigator.userAgent)) {
      lines.push("您现在在微信里：请点右上角“…”，选“在浏览器打开”。");
    } else {
      lines.push("在微信、钉钉等应用里：请点右上角“…”，选“在浏览器打开”。");
    }
    lines.push("安卓、鸿蒙：请用手机自带浏览器、Chrome 或 Edge 的新版本。");
    lines.push("苹果手机：请用 Safari，系统 17 以上。");
    lines.push("以前在别的浏览器里写下的内容还在那个浏览器里，没有丢。");
    show("请换一个浏览器打开", lines);
  };
  window.lianxinBroken = function (detail) {
    if (open) { return; }
    open = true;
    show("这一次没有打开", [
      "本机已存的内容都在，没有丢。",
      "请看看有没有网络，关掉这个页面再打开；第一次打开需要网络。",
      "（" + text(detail) + "）"
    ]);
  };
  window.lianxinStarted = function () { open = true; start.hidden = true; };
  function missing() {
    if (window.isSecureContext === false) { return "安全连接（网址要以 https 开头）"; }
    if (typeof WebAssembly !== "object") { return "WebAssembly"; }
    if (typeof Worker !== "function") { return "后台线程"; }
    if (!window.crypto || !window.crypto.subtle) { return "加密功能"; }
    if (!navigator.locks) { return "页面锁"; }
    if (typeof BroadcastChannel !== "function") { return "页面间通信"; }
    if (!window.indexedDB) { return "钥匙库"; }
    if (!navigator.storage || !navigator.storage.getDirectory) { return "可靠的文件存储"; }
    if (!("noModule" in HTMLScriptElement.prototype)) { return "新式脚本"; }
    return "";
  }
  var lacks = missing();
  if (lacks) { window.lianxinUnsupported(lacks); return; }
  var boot = document.createElement("script");
  boot.type = "module";
  boot.src = "/boot.js";
  boot.onerror = function () { window.lianxinBroken("程序没有取到"); };
  document.body.appendChild(boot);
})();
