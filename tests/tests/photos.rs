//! Photos on their way from a phone to the township: the app's own store, courier and transport against the real server.

use lianxin_app::{
    platform::now_ms,
    store::{
        Bytes, PhotoName, PhotoPlace, PhotoSize, Reply, Request, VisitPage, VisitTarget, draft::PhotoDraft,
    },
};
use lianxin_tests::e2e::{Console, Headless, LIUSHUGOU, Proxy, SHIQIAO, Server, until, uploads::jpeg};
use uuid::Uuid;

/// Photos as a screen hands them over: about 200 KB, with a small one of about 15 KB.
fn taken(count: u32) -> Vec<(Vec<u8>, Vec<u8>)> {
    (0..count).map(|seed| (jpeg(420, 80, seed), jpeg(110, 80, seed + 1000))).collect()
}

/// Visits a school and takes these photos there; the visit.
async fn visit(phone: &Headless, photos: &[(Vec<u8>, Vec<u8>)]) -> Uuid {
    let target =
        VisitTarget::Other { kind: "school".into(), name: "中心小学".into(), village: LIUSHUGOU.into() };
    visit_to(phone, target, photos).await
}

/// The same of whomever.
async fn visit_to(phone: &Headless, target: VisitTarget, photos: &[(Vec<u8>, Vec<u8>)]) -> Uuid {
    let Ok(Reply::Draft(open)) = phone.ask(Request::StartVisit { target }).await else { panic!("no draft") };
    let mut draft = open.draft;
    // At a household nobody is met: so nothing must be asked.
    draft.absent = draft.household.is_some();
    for (original, thumb) in photos {
        let name = phone.keep_photo(LIUSHUGOU, original, thumb).await;
        draft.photos.push(PhotoDraft { hash: name.hash, caption: "操场<b>".to_owned() });
    }
    let id = draft.id;
    phone.ask(Request::SaveDraft(Box::new(draft))).await.expect("saved");
    phone.ask(Request::CompleteVisit { id }).await.expect("completed");
    id
}

async fn page(phone: &Headless, id: Uuid) -> VisitPage {
    match phone.ask(Request::Visit { id }).await {
        Ok(Reply::Visit(page)) => *page,
        other => panic!("{other:?}"),
    }
}

/// Waits until the township has every photo.
async fn all_there(phone: &Headless) {
    until("all photos are there", async || {
        let line = phone.status().await.sync;
        (line.waiting == 0 && line.photos == 0).then_some(())
    })
    .await;
}

/// How many originals and thumbnails the server has.
fn stored(server: &Server) -> (i64, i64) {
    let thumbs = server.count("SELECT count(*) FROM thumbnail");
    (server.count("SELECT count(*) FROM file") - thumbs, thumbs)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_breaks_in_the_middle_of_a_photo_costs_a_piece() {
    let server = Server::two_villages();
    let wire = Proxy::to(server.port());
    let phone = Headless::fresh();
    phone.enrol(&wire.url(), &server.code("阿香")).await.expect("enrolled");
    phone.synced().await;
    let photos = taken(3);
    // Text and thumbnails pass; an original is cut.
    wire.cut_after(150_000);
    let id = visit(&phone, &photos).await;
    until("文字已到", async || {
        let line = phone.status().await.sync;
        (line.waiting == 0 && line.photos > 0 && stored(&server).1 == 3).then_some(())
    })
    .await;
    until("the line breaks", async || wire.has_cut().then_some(())).await;
    assert_eq!(server.count("SELECT count(*) FROM record WHERE kind = 'visit'"), 1, "the words are there");
    all_there(&phone).await;
    assert_eq!(stored(&server), (3, 3));
    assert!(page(&phone, id).await.photos.iter().all(|photo| photo.place == PhotoPlace::Received));
    server.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_killed_in_the_middle_goes_on_and_others_of_the_village_see_the_photos() {
    let mut server = Server::two_villages();
    let wire = Proxy::to(server.port());
    let mut phone = Headless::fresh();
    phone.enrol(&wire.url(), &server.code("阿香")).await.expect("enrolled");
    phone.synced().await;
    let laozhou = Headless::enrolled(&server, "老周").await;
    let photos = taken(2);
    server.stop();
    let id = visit(&phone, &photos).await;
    phone.sleep();
    phone.wake();
    assert_eq!(page(&phone, id).await.photos.len(), 2, "committed before the kill");
    server.start();
    wire.cut_after(120_000);
    phone.press_sync().await;
    until("the line breaks", async || wire.has_cut().then_some(())).await;
    phone.sleep();
    assert_eq!(server.count("SELECT count(*) FROM upload WHERE done = 0"), 1, "in the middle of an original");
    phone.wake();
    all_there(&phone).await;
    assert_eq!(stored(&server), (2, 2));

    laozhou.synced().await;
    for photo in page(&laozhou, id).await.photos {
        assert_eq!((photo.place, photo.caption.as_str()), (PhotoPlace::Elsewhere, "操场<b>"));
        let own = photos.iter().find(|(original, _)| {
            Bytes::of(original)
                .decode()
                .is_some_and(|bytes| lianxin_shared::domain::photo::hash_of(&bytes) == photo.name.hash)
        });
        let (original, thumb) = own.expect("one of hers");
        for (size, bytes) in [(PhotoSize::Small, thumb), (PhotoSize::Full, original)] {
            assert_eq!(laozhou.picture(&photo.name, size).await, None);
            laozhou.ask(Request::FetchPicture { name: photo.name.clone(), size }).await.expect("heard");
            until("the picture comes", async || {
                (laozhou.picture(&photo.name, size).await.as_ref() == Some(bytes)).then_some(())
            })
            .await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restore_the_server_gets_the_photos_that_it_lacks() {
    let mut server = Server::two_villages();
    let phone = Headless::enrolled(&server, "阿香").await;
    visit(&phone, &taken(1)).await;
    phone.press_sync().await;
    all_there(&phone).await;
    let backup = server.dir().join("monday.db");
    server.cli(&["backup", &backup.to_string_lossy()]);
    visit(&phone, &taken(3)[1..]).await;
    phone.press_sync().await;
    all_there(&phone).await;
    server.stop();
    server.cli(&["restore", &backup.to_string_lossy()]);
    server.start();
    assert_eq!(stored(&server), (1, 1));
    phone.synced().await;
    all_there(&phone).await;
    assert_eq!(stored(&server), (3, 3));
    server.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn photos_of_a_village_withdrawn_arrive_before_it_leaves_the_phone() {
    let mut server = Server::two_villages();
    let phone = Headless::enrolled(&server, "阿香").await;
    server.stop();
    let id = visit(&phone, &taken(2)).await;
    server.cli(&["cadre", "villages", "阿香", "--village", SHIQIAO]);
    server.start();
    phone.press_sync().await;
    all_there(&phone).await;
    assert_eq!(stored(&server), (2, 2));
    until("the village leaves", async || {
        phone.synced().await;
        phone.record(id).await.is_none().then_some(())
    })
    .await;
    assert_eq!(server.count("SELECT count(*) FROM patch WHERE held <> ''"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_household_that_moves_is_seen_there_with_its_photos_those_that_come_later_too() {
    let villages = [(LIUSHUGOU, "柳树沟村"), (SHIQIAO, "石桥村")];
    let cadres = [("阿香", LIUSHUGOU), ("老周", SHIQIAO), ("小吴", LIUSHUGOU)];
    let server = Server::township(&villages, &cadres);
    let axiang = Headless::enrolled(&server, "阿香").await;
    let laozhou = Headless::enrolled(&server, "老周").await;
    let console = Console::sign_in(&server).await;
    let home = axiang.new_household(LIUSHUGOU, "李翠花").await;
    let photos = taken(2);
    let before = visit_to(&axiang, VisitTarget::Household(home), &photos[..1]).await;
    axiang.synced().await;
    all_there(&axiang).await;
    let form = [("household", &*home.to_string()), ("village", SHIQIAO)];
    console.submit("/console/households/move", &form).await;
    // She goes on without having heard of the move.
    let meanwhile = visit_to(&axiang, VisitTarget::Household(home), &photos[1..]).await;
    axiang.synced().await;
    all_there(&axiang).await;
    axiang.synced().await;
    assert!(axiang.record(meanwhile).await.is_none(), "gone with its household");
    laozhou.synced().await;
    for (id, (original, thumb)) in [before, meanwhile].into_iter().zip(&photos) {
        let name = page(&laozhou, id).await.photos.remove(0).name;
        assert_eq!(name.village, SHIQIAO);
        for (size, bytes) in [(PhotoSize::Small, thumb), (PhotoSize::Full, original)] {
            laozhou.ask(Request::FetchPicture { name: name.clone(), size }).await.expect("heard");
            until("the picture comes", async || {
                (laozhou.picture(&name, size).await.as_ref() == Some(bytes)).then_some(())
            })
            .await;
        }
        let shown = console.page(&format!("/console/visits/{id}")).await;
        assert!(shown.contains("/thumb") && !shown.contains("照片差"), "{shown}");
    }
    let xiaowu = Headless::enrolled(&server, "小吴").await;
    let name = PhotoName {
        village: SHIQIAO.to_owned(),
        hash: page(&laozhou, before).await.photos[0].name.hash.clone(),
    };
    let refusal = xiaowu.refusal_of(&name, PhotoSize::Full).await;
    assert!(refusal.contains("没有分给您"), "{refusal}");
    server.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_phone_sends_no_photo_and_keeps_its_words_safe() {
    let mut server = Server::two_villages();
    let phone = Headless::enrolled(&server, "阿香").await;
    server.stop();
    visit(&phone, &taken(1)).await;
    let revoked_ms = now_ms();
    server.change("UPDATE device SET revoked_at = ?1", [revoked_ms]);
    server.start();
    phone.press_sync().await;
    until("the phone locks", async || phone.status().await.locked.then_some(())).await;
    assert_eq!(stored(&server), (0, 0));
    assert_eq!(
        server.count("SELECT count(*) FROM patch WHERE held <> ''"),
        1,
        "the words are with the office"
    );
    assert_eq!(phone.status().await.sync.photos, 1, "the locked page says that the photo is here alone");
    phone.enrol(server.url(), &server.code("阿香")).await.expect("enrolled anew");
    phone.press_sync().await;
    until("the photo is sent after all", async || (stored(&server) == (1, 1)).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_photo_that_nobody_has_sent_yet_is_said_to_be_still_away() {
    let server = Server::two_villages();
    let phone = Headless::enrolled(&server, "阿香").await;
    let laozhou = Headless::enrolled(&server, "老周").await;
    let id = visit(&phone, &taken(1)).await;
    phone.synced().await;
    all_there(&phone).await;
    laozhou.synced().await;
    let name = page(&laozhou, id).await.photos.remove(0).name;
    let elsewhere = PhotoName { village: SHIQIAO.to_owned(), ..name.clone() };
    for (wanted, words) in [
        (PhotoName { hash: "ab".repeat(32), ..name }, "可能拍照的手机还没有传上来"),
        (elsewhere, "没有分给您"),
    ] {
        let refusal = laozhou.refusal_of(&wanted, PhotoSize::Full).await;
        assert!(refusal.contains(words), "{refusal}");
    }
}
