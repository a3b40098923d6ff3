//! Photos on their way: the real server process, connections that break, senders that err.

use lianxin_tests::e2e::{
    Headless, LIUSHUGOU, Proxy, SHIQIAO, Server, until,
    uploads::{Refused, Sender, UPLOAD_BODY, accepted, base64, hash_of, photo},
};
use reqwest::{Method, StatusCode};
use sha2::{Digest, Sha256};
use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    ops::Range,
};

/// A PATCH that breaks off: its head, and of its body no more than `sent`.
fn half_a_patch(
    server: &Server,
    sender: &Sender,
    path: &str,
    at: usize,
    announced: usize,
    sent: &[u8],
) -> TcpStream {
    let mut wire = TcpStream::connect(("127.0.0.1", server.port())).expect("a connection");
    let head = format!(
        "PATCH {path} HTTP/1.1\r\nHost: it\r\nAuthorization: Bearer {}\r\nTus-Resumable: 1.0.0\r\n\
         Upload-Offset: {at}\r\nContent-Type: {UPLOAD_BODY}\r\nContent-Length: {announced}\r\n\r\n",
        sender.token
    );
    wire.write_all(head.as_bytes()).expect("sent");
    wire.write_all(sent).expect("sent");
    wire.flush().expect("sent");
    wire
}

/// Until so many bytes of the only upload lie on the server's disk.
async fn on_disk(server: &Server, bytes: Range<u64>) {
    let uploads = server.data().join("lianxin.db.files/uploads");
    until("the bytes are on the disk", async || {
        let file = fs::read_dir(&uploads).ok()?.next()?.ok()?;
        bytes.contains(&file.metadata().ok()?.len()).then_some(())
    })
    .await;
}

fn refused<T: std::fmt::Debug>(answer: Result<T, Refused>, status: u16, words: &str) {
    let refused = answer.expect_err("refused");
    assert_eq!(refused.status.as_u16(), status, "{refused:?}");
    assert!(refused.message.contains(words), "{refused:?}");
    assert!(refused.message.contains("本机") || status == 404, "says what is safe: {refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_server_can_is_told() {
    let server = Server::two_villages();
    let axiang = Sender::enrolled(&server, "阿香").await;
    let answer = accepted(axiang.request(Method::OPTIONS, "/v1/files")).await.expect("told");
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    let header = |name: &str| answer.headers()[name].to_str().expect("text").to_owned();
    assert_eq!(header("tus-version"), "1.0.0");
    assert_eq!(header("tus-resumable"), "1.0.0");
    assert_eq!(header("tus-extension"), "creation,creation-with-upload,checksum,termination");
    assert_eq!(header("tus-checksum-algorithm"), "sha1,sha256");
    assert_eq!(header("tus-max-size"), "1048576");
    let newer = reqwest::Client::new().post(format!("{}/v1/files", server.url())).bearer_auth(&axiang.token);
    let answer = newer.header("Tus-Resumable", "2.0.0").send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::PRECONDITION_FAILED);
    assert_eq!(answer.headers()["tus-version"], "1.0.0");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_cut_midway_goes_on_at_the_byte() {
    let server = Server::two_villages();
    let axiang = Sender::enrolled(&server, "阿香").await;
    let picture = photo(300, 1);
    let (path, at) = axiang.create(LIUSHUGOU, &hash_of(&picture), picture.len()).await.expect("begun");
    assert_eq!(at, 0);
    // By hand, to the byte.
    drop(half_a_patch(&server, &axiang, &path, 0, picture.len(), &picture[..70_001]));
    on_disk(&server, 70_001..70_002).await;
    assert_eq!(axiang.offset(&path).await, Ok(70_001));
    // By a wire that is cut while a client sends.
    let wire = Proxy::to(server.port());
    wire.cut_after(60_000);
    let over = axiang.like(&wire.url(), &axiang.token);
    let broken = over.appending(&path, 70_001).body(picture[70_001..].to_vec()).send().await;
    assert!(broken.is_err(), "{broken:?}");
    assert!(wire.has_cut());
    // The server hears of it in its own time; then all that went through is there, but for the head of the request.
    on_disk(&server, 129_000..130_001).await;
    let here = axiang.offset(&path).await.expect("where it stands");
    assert!((129_000..130_001).contains(&here), "{here}");
    // A phone that has forgotten the address is led there again.
    let (again, at) = axiang.create(LIUSHUGOU, &hash_of(&picture), picture.len()).await.expect("led there");
    assert_eq!((&again, at), (&path, here));
    let rest = &picture[usize::try_from(here).expect("a length")..];
    assert_eq!(over.append(&path, here, rest).await.expect("the rest"), picture.len() as u64);
    assert_eq!(axiang.offset(&path).await, Ok(picture.len() as u64), "also who missed the answer learns it");
    let fetched = axiang.fetch(&format!("{LIUSHUGOU}/{}", hash_of(&picture))).await.expect("fetched");
    assert!(fetched == picture, "byte for byte");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_connection_does_not_hold_up_the_next() {
    let server = Server::two_villages();
    let axiang = Sender::enrolled(&server, "阿香").await;
    let picture = photo(100, 1);
    let (path, _) = axiang.create(LIUSHUGOU, &hash_of(&picture), picture.len()).await.expect("begun");
    // It stays open, as it does when a phone walks out of the network's reach.
    let mut dead = half_a_patch(&server, &axiang, &path, 0, picture.len(), &picture[..1000]);
    on_disk(&server, 1000..1001).await;
    assert_eq!(axiang.offset(&path).await, Ok(1000));
    axiang.append(&path, 1000, &picture[1000..]).await.expect("the rest");
    let mut words = String::new();
    dead.read_to_string(&mut words).expect("it was told");
    assert!(words.starts_with("HTTP/1.1 409 "), "{words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_head_said_survives_kill_9() {
    let mut server = Server::two_villages();
    let axiang = Sender::enrolled(&server, "阿香").await;
    let picture = photo(300, 2);
    let (path, _) = axiang.create(LIUSHUGOU, &hash_of(&picture), picture.len()).await.expect("begun");
    let mut at = 0;
    for step in [40_000, 1, 99_999] {
        let wire = half_a_patch(&server, &axiang, &path, at, picture.len() - at, &picture[at..at + step]);
        at += step;
        on_disk(&server, at as u64..at as u64 + 1).await;
        server.kill();
        drop(wire);
        server.start();
        assert_eq!(axiang.offset(&path).await, Ok(at as u64));
    }
    axiang.append(&path, at as u64, &picture[at..]).await.expect("the rest");
    // What was answered is there after the next blow.
    server.kill();
    server.start();
    assert_eq!(axiang.offset(&path).await, Ok(picture.len() as u64));
    let hash = axiang.send(LIUSHUGOU, &picture).await.expect("there already");
    assert!(axiang.fetch(&format!("{LIUSHUGOU}/{hash}")).await.expect("fetched") == picture);
    server.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_senders_get_an_answer_and_lose_nothing() {
    let server = Server::two_villages();
    let axiang = Sender::enrolled(&server, "阿香").await;
    let picture = photo(60, 3);
    let (hash, length) = (hash_of(&picture), picture.len() as u64);
    let (path, _) = axiang.create(LIUSHUGOU, &hash, picture.len()).await.expect("begun");
    axiang.append(&path, 0, &picture[..1000]).await.expect("a beginning");
    // Wrong place, wrong checksum, unknown checksum, too many bytes: none of it counts.
    refused(axiang.append(&path, 999, &picture[999..]).await, 409, "断点");
    refused(axiang.append(&path, 1001, &picture[1001..]).await, 409, "断点");
    let checked = |sum: String, bytes: &[u8]| {
        accepted(axiang.appending(&path, 1000).header("Upload-Checksum", sum).body(bytes.to_vec()))
    };
    let sum = |bytes: &[u8]| format!("sha256 {}", base64(&Sha256::digest(bytes)));
    refused(checked(sum(b"other bytes"), &picture[1000..2000]).await, 460, "传坏了");
    refused(checked("md5 AAAA".to_owned(), &picture[1000..2000]).await, 400, "看不懂");
    refused(axiang.append(&path, 1000, &[&picture[1000..], &[0]].concat()).await, 413, "长");
    let wrong_kind = axiang.request(Method::PATCH, &path).header("Upload-Offset", 1000).body("x");
    refused(accepted(wrong_kind).await, 400, "看不懂");
    assert_eq!(axiang.offset(&path).await, Ok(1000), "as if nothing had come");
    checked(sum(&picture[1000..2000]), &picture[1000..2000]).await.expect("the right checksum");
    // Cut short at the end: simply not finished yet.
    axiang.append(&path, 2000, &picture[2000..picture.len() - 1]).await.expect("almost all");
    assert_eq!(axiang.offset(&path).await, Ok(length - 1));
    refused(axiang.fetch(&format!("{LIUSHUGOU}/{hash}")).await, 404, "没有这张照片");
    // The last byte is a wrong one: the whole is refused, and begins anew.
    refused(axiang.append(&path, length - 1, b"!").await, 460, "核对不上");
    assert_eq!(axiang.offset(&path).await, Err(StatusCode::NOT_FOUND));
    assert_eq!(axiang.send(LIUSHUGOU, &picture).await.expect("sent at last"), hash);

    refused(axiang.send(LIUSHUGOU, b"<html><script>alert(1)</script></html>").await, 415, "不是完整的照片");
    refused(axiang.send(LIUSHUGOU, &picture[..2000]).await, 415, "不是完整的照片");
    refused(axiang.send(LIUSHUGOU, &vec![0; 1024 * 1024 + 1]).await, 413, "最多 1024 KB");
    refused(axiang.create("../../etc", &hash, 9).await, 400, "看不懂");
    refused(axiang.create(LIUSHUGOU, &"z".repeat(64), 9).await, 400, "看不懂");
    refused(axiang.create(LIUSHUGOU, &hash_of(b"0"), 0).await, 415, "不是完整的照片");
    assert_eq!(server.count("SELECT count(*) FROM file"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_given_up_upload_is_gone_and_a_proxy_may_hide_the_method() {
    let server = Server::two_villages();
    let axiang = Sender::enrolled(&server, "阿香").await;
    let picture = photo(60, 4);
    let (path, _) = axiang.create(LIUSHUGOU, &hash_of(&picture), picture.len()).await.expect("begun");
    let hidden = axiang.request(Method::POST, &path).header("X-HTTP-Method-Override", "PATCH");
    let hidden = hidden.header("Upload-Offset", 0).header("Content-Type", UPLOAD_BODY);
    accepted(hidden.body(picture[..500].to_vec())).await.expect("a patch");
    assert_eq!(axiang.offset(&path).await, Ok(500));
    let gone = accepted(axiang.request(Method::DELETE, &path)).await.expect("given up");
    assert_eq!(gone.status(), StatusCode::NO_CONTENT);
    assert_eq!(axiang.offset(&path).await, Err(StatusCode::NOT_FOUND));
    refused(axiang.append(&path, 500, &picture[500..]).await, 404, "没有了");
    let uploads = server.data().join("lianxin.db.files/uploads");
    assert_eq!(fs::read_dir(uploads).expect("the folder").count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_known_hash_opens_nothing_in_another_village_on_any_verb() {
    let server = Server::two_villages();
    let axiang = Sender::enrolled(&server, "阿香").await;
    let laozhou = Sender::enrolled(&server, "老周").await;
    let wu = Sender::enrolled(&server, "小吴").await;
    let (picture, half) = (photo(60, 5), photo(60, 6));
    let hash = axiang.send(LIUSHUGOU, &picture).await.expect("sent");
    let (path, _) = axiang.create(LIUSHUGOU, &hash_of(&half), half.len()).await.expect("begun");
    axiang.append(&path, 0, &half[..500]).await.expect("a beginning");
    let file = format!("{LIUSHUGOU}/{hash}");
    assert!(laozhou.fetch(&file).await.expect("the same village") == picture);

    refused(wu.fetch(&file).await, 403, "没有分给您");
    refused(wu.fetch(&format!("{file}/thumb")).await, 403, "没有分给您");
    refused(wu.fetch(&format!("{LIUSHUGOU}/{}", "0".repeat(64))).await, 403, "没有分给您");
    refused(wu.fetch(&format!("{SHIQIAO}/{hash}")).await, 404, "没有这张照片");
    refused(wu.create(LIUSHUGOU, &hash, picture.len()).await, 403, "没有分给您");
    let (_, at) = wu.create(SHIQIAO, &hash, picture.len()).await.expect("their own");
    assert_eq!(at, 0, "not even that the hash is known elsewhere");
    let stranger = axiang.like(server.url(), "0".repeat(64).as_str());
    let devices = server.cli(&["device", "list"]);
    let line = devices.lines().find(|line| line.contains("老周")).expect("his phone");
    server.cli(&["device", "revoke", line.split_whitespace().next().expect("its number")]);
    for (who, statuses) in [(&wu, [404; 3]), (&stranger, [401; 3]), (&laozhou, [403; 3])] {
        let head = who.offset(&path).await.expect_err("not theirs").as_u16();
        let patch = who.append(&path, 500, &half[500..]).await.expect_err("not theirs").status.as_u16();
        let delete =
            accepted(who.request(Method::DELETE, &path)).await.expect_err("not theirs").status.as_u16();
        assert_eq!([head, patch, delete], statuses);
    }
    for (who, status) in [(&stranger, 401), (&laozhou, 403)] {
        for answer in [
            who.fetch(&file).await.map(drop),
            who.create(LIUSHUGOU, &hash, picture.len()).await.map(drop),
            accepted(who.request(Method::OPTIONS, "/v1/files")).await.map(drop),
        ] {
            assert_eq!(answer.expect_err("refused").status.as_u16(), status);
        }
    }
    axiang.append(&path, 500, &half[500..]).await.expect("her own upload is as it was");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_send_the_same_photo_at_once_both_succeed() {
    let server = Server::two_villages();
    let axiang = Sender::enrolled(&server, "阿香").await;
    let laozhou = Sender::enrolled(&server, "老周").await;
    for seed in 0..10 {
        let picture = photo(80, 100 + seed);
        let (hers, his) = tokio::join!(axiang.send(LIUSHUGOU, &picture), laozhou.send(LIUSHUGOU, &picture));
        assert_eq!(hers.expect("hers"), his.expect("his"));
        assert!(
            laozhou.fetch(&format!("{LIUSHUGOU}/{}", hash_of(&picture))).await.expect("there") == picture
        );
    }
    assert_eq!(server.count("SELECT count(*) FROM file"), 10);
    assert_eq!(server.count("SELECT count(*) FROM upload WHERE done = 0"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn words_first_then_thumbnail_then_photo_and_the_backup_has_all() {
    let mut server = Server::two_villages();
    let phone = Headless::enrolled(&server, "阿香").await;
    let axiang = Sender::enrolled(&server, "阿香").await;
    let (picture, small, unused) = (photo(300, 7), photo(40, 7), photo(40, 8));
    let hash = hash_of(&picture);
    let household = phone.new_household(LIUSHUGOU, "李翠花").await;
    phone.edit(household, &format!("photos.{hash}"), "门前").await.expect("saved");
    phone.synced().await;
    assert!(server.cli(&["files"]).contains("文字已到，照片差 1 张"));
    assert!(server.cli(&["check"]).contains("文字已到，照片差 1 张"), "no damage");
    server.check_backup("before");

    let told = Sender::metadata(&[
        ("village", LIUSHUGOU),
        ("hash", &hash_of(&small)),
        ("role", "thumb"),
        ("of", &hash),
    ]);
    let thumb = axiang.request(Method::POST, "/v1/files").header("Upload-Length", small.len());
    let thumb = thumb.header("Upload-Metadata", told).header("Content-Type", UPLOAD_BODY).body(small.clone());
    let answer = accepted(thumb).await.expect("in one request");
    assert_eq!(answer.headers()["upload-offset"], small.len().to_string().as_str());
    let shown = accepted(axiang.request(Method::GET, &format!("/v1/files/{LIUSHUGOU}/{hash}/thumb")))
        .await
        .expect("shown");
    for (name, value) in [
        ("content-type", "image/png"),
        ("content-disposition", "inline"),
        ("x-content-type-options", "nosniff"),
        ("cache-control", "no-store"),
    ] {
        assert_eq!(shown.headers()[name], value);
    }
    assert!(shown.bytes().await.expect("bytes") == small);
    assert!(server.cli(&["files"]).contains("照片差 1 张"), "the photo itself is still to come");
    axiang.send(LIUSHUGOU, &picture).await.expect("sent");
    let orphan = axiang.send(LIUSHUGOU, &unused).await.expect("sent");
    let said = server.cli(&["files"]);
    assert!(
        said.contains("照片文件 3 个（其中缩略图 1 个）") && said.contains("没有记录用到的 1 个"),
        "{said}"
    );
    assert!(said.contains("文字和照片都到齐了"), "{said}");
    drop(server.check_backup("after"));
    let kept = |hash: &str| {
        let path = format!("after/lianxin.db.files/whole/{LIUSHUGOU}/{}/{hash}", &hash[..2]);
        server.dir().join(path).exists()
    };
    assert!(kept(&hash) && kept(&hash_of(&small)) && !kept(&orphan));

    // What no record names goes when its time is up; a record's own stays, even after the photo was taken off it.
    phone.edit(household, &format!("photos.{hash}"), "").await.expect("saved");
    phone.synced().await;
    server.stop();
    server.change("UPDATE file SET named_at = 1", []);
    server.start();
    until("orphans are gone", async || (server.count("SELECT count(*) FROM file") == 2).then_some(())).await;
    assert!(axiang.fetch(&format!("{LIUSHUGOU}/{hash}")).await.expect("kept") == picture);
    refused(axiang.fetch(&format!("{LIUSHUGOU}/{orphan}")).await, 404, "没有这张照片");
    server.check();
}
