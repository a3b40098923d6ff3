// Sends one file by tus-js-client as it comes from the registry, and says on its last line what it did:
// node upload.cjs '{"endpoint", "token", "file", "metadata", "options"}'
"use strict";

const fs = require("node:fs");
const tus = require("tus-js-client");

const task = JSON.parse(process.argv[2]);
const requests = [];

function done(outcome) {
  console.log(JSON.stringify({ ...outcome, requests }));
}

const upload = new tus.Upload(fs.readFileSync(task.file), {
  endpoint: task.endpoint,
  headers: { Authorization: `Bearer ${task.token}` },
  metadata: task.metadata,
  ...task.options,
  onBeforeRequest: (request) => {
    requests.push([request.getMethod(), Number(request.getHeader("Upload-Offset") ?? -1)]);
  },
  onSuccess: async () => {
    if (task.terminate) {
      await tus.Upload.terminate(upload.url, { headers: { Authorization: `Bearer ${task.token}` }, onBeforeRequest: upload.options.onBeforeRequest });
    }
    done({ url: upload.url });
  },
  onError: (error) => {
    done({ status: error.originalResponse?.getStatus(), body: error.originalResponse?.getBody() });
  },
});
upload.start();
