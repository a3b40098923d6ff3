// The store's worker: the page sends the compiled module, which then runs in its other role.
import init from "/lianxin.js";

const early = [];
self.onmessage = (first) => {
  // Messages that come before the module listens are kept and handed to it afterwards.
  self.onmessage = (event) => early.push(event);
  init({ module_or_path: first.data }).then(() => {
    const listener = self.onmessage;
    early.forEach((event) => listener(event));
  });
};
