// Starts the app; what fails here is told in index.html's words.
import init from "/lianxin.js";

init({ module_or_path: "/lianxin_bg.wasm" }).then(
  () => {
    window.lianxinStarted();
    // After the start, so that keeping the app for offline use does not compete with opening it.
    navigator.serviceWorker?.register("/sw.js").catch(() => {});
  },
  (error) => {
    if (error instanceof WebAssembly.CompileError) window.lianxinUnsupported("新版 WebAssembly");
    else window.lianxinBroken(error);
  },
);
