// The store's worker: the page sends the compiled module, which then runs in its other role,
// and the memory that both share.
import init from "/lianxin.js";

const early = [];
self.onmessage = (first) => {
  // Messages that come before the module listens are kept and handed to it afterwards.
  self.onmessage = (event) => early.push(event);
  self.lianxinShared = first.data.shared;
  init({ module_or_path: first.data.module }).then(() => {
    const listener = self.onmessage;
    early.forEach((event) => listener(event));
  });
};
