//! The client that anyone would take for tus, unchanged from its registry, against the real server.

use lianxin_tests::e2e::{
    Proxy, Server, need, target_dir,
    uploads::{Sender, hash_of, photo},
};
use serde_json::{Value, json};
use std::{fs, path::Path, process::Command};

const VILLAGE: &str = "519921105201";

struct Client {
    server: Server,
    axiang: Sender,
}

impl Client {
    async fn new() -> Self {
        let server = Server::township(&[(VILLAGE, "柳树沟村")], &[("阿香", VILLAGE)]);
        let axiang = Sender::enrolled(&server, "阿香").await;
        Self { server, axiang }
    }

    /// Has the client send a file; what it says it did.
    fn send(&self, url: &str, bytes: &[u8], mut task: Value) -> Value {
        let modules = target_dir().join("tools/tus-client/node_modules");
        assert!(
            modules.join("tus-js-client").is_dir(),
            "没有装 tus-js-client（{}）：请先运行 .make/setup.sh test",
            modules.display()
        );
        let file = self.server.dir().join("photo.png");
        fs::write(&file, bytes).expect("written");
        task["endpoint"] = json!(format!("{url}/v1/files"));
        task["token"] = json!(self.axiang.token);
        task["file"] = json!(file);
        let hash = hash_of(bytes);
        let role = task["metadata"].take();
        task["metadata"] =
            json!({"village": VILLAGE, "hash": hash, "role": "original", "filename": "照片.png"});
        for (key, value) in role.as_object().into_iter().flatten() {
            task["metadata"][key] = value.clone();
        }
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tus-client/upload.cjs");
        let mut command = Command::new(need("node"));
        let said =
            command.arg(script).arg(task.to_string()).env("NODE_PATH", modules).output().expect("node");
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
        let said = String::from_utf8_lossy(&said.stdout);
        serde_json::from_str(said.lines().last().expect("a line")).expect("what it did")
    }

    async fn holds(&self, bytes: &[u8]) -> bool {
        self.axiang
            .fetch(&format!("{VILLAGE}/{}", hash_of(bytes)))
            .await
            .is_ok_and(|fetched| fetched == bytes)
    }
}

/// The methods and offsets of a client's requests.
fn requests(said: &Value) -> Vec<(String, i64)> {
    let list = said["requests"].as_array().expect("requests").iter();
    list.map(|one| (one[0].as_str().expect("a method").to_owned(), one[1].as_i64().expect("an offset")))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_connection_is_resumed_where_it_broke() {
    let client = Client::new().await;
    let picture = photo(300, 21);
    let wire = Proxy::to(client.server.port());
    wire.cut_after(150_000);
    let said = client.send(&wire.url(), &picture, json!({"options": {"retryDelays": [50, 500, 2000]}}));
    assert!(wire.has_cut() && said["url"].is_string(), "{said}");
    let requests = requests(&said);
    let [(post, _), (patch, first), (head, _), .., (again, resumed)] = requests.as_slice() else {
        panic!("{said}");
    };
    assert_eq!([post, patch, head, again], ["POST", "PATCH", "HEAD", "PATCH"]);
    assert!(*first == 0 && *resumed > 0, "not from the beginning: {said}");
    assert!(client.holds(&picture).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_sends_in_pieces_in_one_go_and_not_what_is_there_already() {
    let client = Client::new().await;
    let url = client.server.url().to_owned();
    let picture = photo(200, 22);
    let said = client.send(&url, &picture, json!({"options": {"chunkSize": 50_000}}));
    let offsets: Vec<i64> = requests(&said).into_iter().skip(1).map(|(_, offset)| offset).collect();
    assert_eq!(offsets, [0, 50_000, 100_000], "{said}");
    assert!(client.holds(&picture).await);

    let said = client.send(&url, &picture, json!({"options": {"uploadDataDuringCreation": true}}));
    assert!(said["url"].is_string() && requests(&said).len() == 1, "{said}");
    let said = client.send(&url, &picture, json!({"options": {"retryDelays": [0]}}));
    let methods: Vec<String> = requests(&said).into_iter().map(|(method, _)| method).collect();
    assert!(said["url"].is_string(), "{said}");
    assert_eq!(
        methods,
        ["POST", "PATCH", "HEAD"],
        "it offers its bytes, is sent to look, and sees that all is there"
    );

    let small = photo(40, 22);
    let thumb = json!({"metadata": {"role": "thumb", "of": hash_of(&picture)}, "options": {"uploadDataDuringCreation": true}});
    assert_eq!(requests(&client.send(&url, &small, thumb)).len(), 1);
    assert!(
        client.axiang.fetch(&format!("{VILLAGE}/{}/thumb", hash_of(&picture))).await.expect("shown") == small
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn it_reads_why_a_file_is_refused_and_can_end_an_upload() {
    let client = Client::new().await;
    let url = client.server.url().to_owned();
    let said = client.send(&url, b"<html>no picture</html>", json!({}));
    assert_eq!(said["status"], 415, "{said}");
    assert!(said["body"].as_str().is_some_and(|body| body.contains("不是完整的照片")), "{said}");
    let said = client.send(&url, &photo(20, 23), json!({"metadata": {"hash": hash_of(b"another")}}));
    assert_eq!(said["status"], 460, "{said}");
    let said = client.send(&url, &photo(20, 23), json!({"metadata": {"village": "519921105202"}}));
    assert_eq!(said["status"], 403, "{said}");
    let said = client.send(
        &url,
        &photo(20, 23),
        json!({"terminate": true, "options": {"overridePatchMethod": true}}),
    );
    assert_eq!(requests(&said).last().expect("requests").0, "DELETE", "{said}");
    let path = said["url"].as_str().expect("an address").trim_start_matches(&url).to_owned();
    assert_eq!(client.axiang.offset(&path).await.map_err(|status| status.as_u16()), Err(404));
    assert!(client.holds(&photo(20, 23)).await, "the whole file is not the upload's to take away");
}
