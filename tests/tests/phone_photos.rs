//! Photos as a cadre takes them: in a real browser, without a network, killed in between, and then on their way.

use lianxin_tests::e2e::{
    Browser, Console, Look, Phone, Server, pictures_wanted, until,
    uploads::{CAMERA_PLACE, camera_jpeg},
};
use serde_json::{Value, json};
use std::{fs, path::PathBuf};

const CADRE: &str = "韩冬梅";
/// S3 and the design: what a photo may weigh, bytes.
const ORIGINAL_BYTES_MAX: usize = 300 * 1024;
const THUMB_BYTES_MAX: usize = 20 * 1024;

/// Files of a camera beside the server: big, on their side, with the place in them.
fn camera_files(server: &Server, count: u32) -> Vec<PathBuf> {
    (0..count)
        .map(|seed| {
            let path = server.dir().join(format!("IMG_{seed:04}.jpg"));
            if !path.exists() {
                fs::write(&path, camera_jpeg(2400, seed)).expect("a file");
            }
            path
        })
        .collect()
}

/// Waits until so many small pictures are drawn.
async fn see_photos(phone: &Phone, count: usize) {
    let script = "
        const shown = [...document.querySelectorAll('[data-testid=thumb]')];
        return shown.filter((one) => one.complete && one.naturalWidth > 0).length;";
    until(&format!("{count} photos"), async || {
        (phone.browser.script::<usize>(script, Value::Null).await == count).then_some(())
    })
    .await;
}

/// Every whole file on the server: (its bytes, whether it is a thumbnail).
fn stored(server: &Server) -> Vec<(Vec<u8>, bool)> {
    let db = server.database();
    let sql = "SELECT village, hash, EXISTS (SELECT 1 FROM thumbnail t WHERE t.hash = file.hash) FROM file";
    let mut statement = db.prepare(sql).expect("files");
    let rows = statement.query_map([], |row| Ok((row.get::<_, String>(1)?, row.get::<_, bool>(2)?)));
    let folder = server.data().join("lianxin.db.files");
    rows.expect("files")
        .map(|row| {
            let (hash, is_thumb) = row.expect("a row");
            (find_file(&folder, &hash).unwrap_or_else(|| panic!("{hash}")), is_thumb)
        })
        .collect()
}

fn find_file(folder: &std::path::Path, name: &str) -> Option<Vec<u8>> {
    fs::read_dir(folder).ok()?.flatten().find_map(|entry| {
        let path = entry.path();
        if path.is_dir() {
            find_file(&path, name)
        } else {
            path.file_name()?.to_str()?.contains(name).then(|| fs::read(&path).expect("a file"))
        }
    })
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[tokio::test(flavor = "multi_thread")]
async fn photos_taken_without_a_network_survive_a_kill_and_arrive_small_and_silent() {
    let mut server = Server::demo(150);
    let mut phone = Phone::at_the_words("阿香", &server, CADRE).await;
    let files = camera_files(&server, 2);
    server.stop();
    phone.choose_files("photo-album", &files).await;
    see_photos(&phone, 2).await;
    phone.see_saved().await;
    phone.tap("photo").await;
    phone.write("photo-caption", "门前的路 <b>").await;
    phone.see_saved().await;
    // Another by the camera, taken off, put back, and what is no photo.
    phone.choose_files("photo-camera", &camera_files(&server, 3)[2..]).await;
    see_photos(&phone, 3).await;
    let odd = server.dir().join("notice.jpg");
    fs::write(&odd, "%PDF-1.4").expect("a file");
    phone.choose_files("photo-album", &[odd]).await;
    phone.see_text("photo-trouble", "“notice.jpg”没有加上").await;
    phone.tap("photo-remove").await;
    see_photos(&phone, 2).await;
    phone.tap("photo-back").await;
    see_photos(&phone, 3).await;
    phone.see_saved().await;
    phone.is_without_flaws("photos").await;
    save_for_the_eye(&phone.browser.screenshot().await, "photos-step");

    phone.die();
    phone.revive().await;
    phone.see("visit-step-1").await;
    see_photos(&phone, 3).await;
    phone.see_text("photo", "门前的路 <b>").await;
    phone.tap("step-next").await;
    phone.see("photos-reviewed").await;
    phone.tap("finish").await;
    phone.see("note-done").await;
    phone.tap("back").await;
    phone.tap("tab-mine").await;
    phone.see_text("photos-lacking", "照片差 3 张").await;
    save_for_the_eye(&phone.browser.screenshot().await, "photos-mine");

    server.start();
    phone.tap("sync-now").await;
    phone.see_text("state-line", "已全部上报").await;
    phone.see_no("photos-lacking").await;
    let files = stored(&server);
    assert_eq!(files.len(), 6);
    for (bytes, is_thumb) in &files {
        let (bytes_max, side_max) =
            if *is_thumb { (THUMB_BYTES_MAX, 320) } else { (ORIGINAL_BYTES_MAX, 1600) };
        assert!(bytes.len() <= bytes_max, "{}", bytes.len());
        assert!(
            !contains(bytes, b"Exif") && !contains(bytes, CAMERA_PLACE),
            "the place stays with the camera"
        );
        let shown = image::load_from_memory(bytes).expect("a picture");
        assert!(shown.height() == side_max && shown.width() * 2 == side_max, "upright");
    }
    server.check();

    let office = Browser::open("办公室", Look::Office).await;
    Console::sign_in_at(&office, &server).await;
    let visit: Vec<u8> = server
        .database()
        .query_row("SELECT record FROM file_reference LIMIT 1", [], |row| row.get(0))
        .expect("a visit");
    let visit: String = visit.iter().map(|byte| format!("{byte:02x}")).collect();
    let id = uuid::Uuid::parse_str(&visit).expect("an id");
    office.goto(&format!("{}/console/visits/{id}", server.url())).await;
    let script = "
        const shown = [...document.querySelectorAll('.photos img')];
        return [shown.filter((one) => one.complete && one.naturalWidth > 0).length, document.body.innerText];";
    until("the office sees them", async || {
        let (count, words): (usize, String) = office.script(script, Value::Null).await;
        (count == 3 && words.contains("门前的路 <b>")).then_some(())
    })
    .await;
    save_for_the_eye(&office.screenshot().await, "photos-console");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visit_waits_for_all_photos_that_were_chosen_and_tells_what_was_not_taken() {
    let server = Server::demo(150);
    let mut phone = Phone::at_the_words("阿香", &server, CADRE).await;
    let odd = server.dir().join("notice.jpg");
    fs::write(&odd, "%PDF-1.4").expect("a file");
    let mut files = camera_files(&server, 8);
    files.insert(0, odd);
    phone.choose_files("photo-album", &files).await;
    phone.tap("step-next").await;
    phone.see("visit-step-2").await;
    // Held back until the last one is in; the finger tries at once.
    phone.tap("finish").await;
    phone.see("note-done").await;
    phone.tap("timeline-row").await;
    see_photos(&phone, 8).await;

    phone.back().await;
    phone.tap("go-visit-again").await;
    phone.tap("twice-go").await;
    phone.see("visit-step-0").await;
    phone.answer_required().await;
    phone.tap("step-next").await;
    phone.choose_files("photo-album", &files[..1]).await;
    phone.see_text("photo-trouble", "“notice.jpg”没有加上").await;
    phone.tap("step-next").await;
    phone.see_text("photo-trouble", "“notice.jpg”没有加上").await;
    phone.is_without_flaws("a trouble on the last step").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn photos_are_taken_in_though_the_screen_is_left_and_its_troubles_follow() {
    let server = Server::demo(150);
    let mut phone = Phone::enrolled_on(Look::SmallPhone, "阿香", &server, CADRE).await;
    let odd = server.dir().join("notice.jpg");
    fs::write(&odd, "%PDF-1.4").expect("a file");
    let mut files = camera_files(&server, 6);
    files.push(odd);
    phone.tap("tab-diary").await;
    phone.choose_files("photo-album", &files).await;
    phone.tap("tab-today").await;
    phone.see_text("photos-unseen", "正在存照片").await;
    save_for_the_eye(&phone.browser.screenshot().await, "photos-unseen");
    phone.is_without_flaws("photos on their way").await;
    // Coming back at once opens the page when they are in, with all of them.
    phone.tap("tab-diary").await;
    see_photos(&phone, 6).await;
    phone.see_text("photo-trouble", "“notice.jpg”没有加上").await;
    phone.tap("tab-today").await;
    phone.see_text("photos-unseen", "“notice.jpg”没有加上").await;
    save_for_the_eye(&phone.browser.screenshot().await, "photos-unseen-trouble");
    phone.is_without_flaws("a trouble of a screen that was left").await;
    phone.tap("photos-seen").await;
    phone.see_no("photos-unseen").await;
    phone.reload().await;
    phone.tap("tab-diary").await;
    see_photos(&phone, 6).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_the_diary_begins_with_a_photo_and_colleagues_look_at_it() {
    let server = Server::demo(150);
    let mut phone = Phone::enrolled("阿香", &server, CADRE).await;
    phone.tap("tab-diary").await;
    phone.see("photos").await;
    phone.choose_files("photo-album", &camera_files(&server, 1)).await;
    see_photos(&phone, 1).await;
    phone.see_saved().await;
    phone.reload().await;
    see_photos(&phone, 1).await;
    phone.see_text("state-line", "已全部上报").await;
    assert_eq!(server.count("SELECT count(*) FROM file"), 2);
    phone.tap("photo").await;
    phone.tap("photo-open").await;
    phone.see("photo-whole").await;
    phone.see_text("photo-place", "乡镇已收到").await;
    phone.is_without_flaws("one photo").await;
    save_for_the_eye(&phone.browser.screenshot().await, "photos-one");
    phone.back().await;
    phone.see("diary-text").await;
    phone.tap("photo").await;
    phone.tap("photo-remove").await;
    phone.see("photo-removed").await;
    phone.see_saved().await;
    phone.reload().await;
    phone.see("photos").await;
    assert_eq!(phone.count("photo").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_photos_fit_small_phones_large_letters_and_the_dark() {
    let server = Server::demo(150);
    let mut phone = Phone::enrolled_on(Look::SmallPhone, "阿香", &server, CADRE).await;
    phone.tap("tab-mine").await;
    phone.tap("font-extra").await;
    phone.tap("tab-diary").await;
    phone.see("photos").await;
    phone.choose_files("photo-album", &camera_files(&server, 7)).await;
    see_photos(&phone, 7).await;
    phone.tap("photo").await;
    phone.write("photo-caption", "灶房的房梁裂了一道缝，下雨就漏").await;
    phone.see_saved().await;
    for dark in [false, true] {
        phone.browser.dark(dark).await;
        phone.is_without_flaws("diary with photos").await;
        let shot = phone.browser.screenshot().await;
        save_for_the_eye(&shot, if dark { "photos-small-dark" } else { "photos-small" });
    }
    phone.browser.dark(false).await;
    phone.tap("tab-today").await;
    phone.tap("household-row").await;
    phone.tap("go-visit").await;
    phone.see("visit-step-0").await;
    phone.answer_required().await;
    phone.tap("step-next").await;
    phone.choose_files("photo-album", &camera_files(&server, 5)).await;
    see_photos(&phone, 5).await;
    phone.see_saved().await;
    phone.tap("step-next").await;
    phone.see("photos-reviewed").await;
    phone.is_without_flaws("review with photos").await;
    save_for_the_eye(&phone.browser.screenshot().await, "photos-review");
    phone.tap("finish").await;
    phone.see("timeline-photos").await;
    phone.is_without_flaws("household with photos").await;
    save_for_the_eye(&phone.browser.screenshot().await, "photos-household");
    phone.tap("timeline-row").await;
    see_photos(&phone, 5).await;
    phone.is_without_flaws("visit with photos").await;
    save_for_the_eye(&phone.browser.screenshot().await, "photos-visit");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_takes_no_photo_and_nothing_from_the_others() {
    let server = Server::demo(150);
    let mut phone = Phone::at_the_words("阿香", &server, CADRE).await;
    phone.choose_files("photo-album", &camera_files(&server, 1)).await;
    see_photos(&phone, 1).await;
    phone.see_saved().await;
    let quota = |bytes: Option<u64>| match bytes {
        Some(bytes) => json!({"origin": server.url(), "quotaSize": bytes}),
        None => json!({"origin": server.url()}),
    };
    phone.browser.devtools("Storage.overrideQuotaForOrigin", quota(Some(1))).await;
    phone.choose_files("photo-album", &camera_files(&server, 8)[1..]).await;
    phone.see_text("photo-trouble", "空间满了").await;
    phone.see_text("photo-trouble", "以前存的都还在").await;
    phone.see_text("photo-hint", "拍门前").await;
    phone.browser.devtools("Storage.overrideQuotaForOrigin", quota(None)).await;
    phone.choose_files("photo-album", &camera_files(&server, 8)).await;
    see_photos(&phone, 8).await;
    phone.see_saved().await;
    phone.die();
    phone.revive().await;
    phone.see("visit-step-1").await;
    see_photos(&phone, 8).await;
}

/// With `LIANXIN_PICTURES=1`, a picture for whoever wants to look, in the folder of evidence.
fn save_for_the_eye(png: &[u8], name: &str) {
    if !pictures_wanted() {
        return;
    }
    let dir = lianxin_tests::e2e::target_dir().join("e2e");
    fs::create_dir_all(&dir).expect("a folder");
    fs::write(dir.join(format!("{name}.png")), png).expect("a picture");
}
