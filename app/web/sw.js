// Keeps one whole version of the app on the phone, so that it starts without a network.
// The build fills in the two constants: the version is a hash of all files, so a changed file is a new version.
const VERSION = "__VERSION__";
const FILES = __FILES__;

const PREFIX = "lianxin-";
const CACHE = PREFIX + VERSION;
const PAGE = "/index.html";
// Paths of the server that are not the phone app's; everything else navigated to is a screen of the app.
const SERVER = /^\/(v\d+|console|healthz|metrics|tls|ca|api|openapi)([/.]|$)/;

self.addEventListener("install", (event) => {
  // A version that cannot be fetched whole is not installed. It then waits: see "message".
  event.waitUntil(
    caches.open(CACHE).then((cache) => cache.addAll(FILES.map((file) => new Request(file, { cache: "no-cache" })))),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => names.filter((name) => name.startsWith(PREFIX) && name !== CACHE))
      .then((old) => Promise.all(old.map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

// The app decides when a new version may start: not while a draft is open.
self.addEventListener("message", (event) => {
  if (event.data === "activate") self.skipWaiting();
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin) return;
  if (event.request.mode === "navigate") {
    if (!SERVER.test(url.pathname)) event.respondWith(cached(PAGE, event.request));
  } else if (FILES.includes(url.pathname)) {
    event.respondWith(cached(url.pathname, event.request));
  }
});

async function cached(path, request) {
  const cache = await caches.open(CACHE);
  return (await cache.match(path)) ?? fetch(request);
}
