// Starts the app; what fails here is told in check.js's words.
import init from "/lianxin.js";

init({ module_or_path: "/lianxin_bg.wasm" }).then(
  () => {
    window.lianxinStarted();
    // After the start, so that keeping the app for offline use does not compete with opening it.
    navigator.serviceWorker?.register("/sw.js").catch(() => {});
    // Asked at every start: browsers say yes once the app is used often or put on the home screen.
    navigator.storage.persist().catch(() => {});
  },
  (error) => {
    if (error instanceof WebAssembly.CompileError) window.lianxinUnsupported("新版 WebAssembly");
    else window.lianxinBroken(error);
  },
);
