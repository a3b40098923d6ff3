// Starts the app; what fails here is told in check.js's words.
// The module is compiled once, for the page and for the store's worker, and the worker starts beside the page: the
// database is opened while the first screen is drawn.
const MODULE = "/lianxin_bg.wasm";
const compiled = WebAssembly.compileStreaming(fetch(MODULE)).catch(async (error) => {
  if (!(error instanceof TypeError)) throw error;
  // A proxy has lost the file's type, or there is no network, which shows here again.
  const whole = await fetch(MODULE);
  if (!whole.ok) throw error;
  return WebAssembly.compile(await whole.arrayBuffer());
});

// What page and worker share to agree on when the page may be left: see platform/web/leaving.rs.
self.lianxinShared = self.crossOriginIsolated ? new Int32Array(new SharedArrayBuffer(3 * 4)) : undefined;

const worker = new Worker("/worker.js", { type: "module" });
const early = [];
worker.onmessage = worker.onerror = (event) => early.push(event);
self.lianxinStore = {
  worker,
  // What came before the page listened comes first.
  listen(onmessage, onerror) {
    Object.assign(worker, { onmessage, onerror });
    early.forEach((event) => (event.type === "error" ? onerror(event) : onmessage(event)));
  },
};
compiled.then(
  (module) => worker.postMessage({ module, shared: self.lianxinShared }),
  () => {}, // told below
);

Promise.all([compiled, import("/lianxin.js")])
  .then(([module, { default: init }]) => init({ module_or_path: module }))
  .then(
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
