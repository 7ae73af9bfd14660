//! Stored posts judged again: who may order it, what follows, what stays, and what a restart makes of it.

use super::*;
use crate::journal::record::{DeskRecord, PersonOrToken, Record, Rescored};
use crate::journal::{Journal, RealDisk, Sequence, Stream};
use crate::pipeline::start::journal_dir;

const WORD: &str = "嘟噜机";
const POSTS: &str = r#"{"id":"1","source":"forum","text":"三号院的嘟噜机现在还在冒，三天了，老人孩子都不敢出门，快派人来","published_at":"2026-11-22T16:00:00+08:00"}
{"id":"2","source":"forum","text":"今天的晚霞真好看","published_at":"2026-11-22T16:01:00+08:00"}
{"id":"3","source":"forum","text":"锦华里小区停水两天了，物业没人管","published_at":"2026-11-22T16:02:00+08:00"}"#;

/// The shipped dictionaries with a word that they did not know.
fn other_shelf() -> Shelf {
    let head = "term\tcategory\tkind\tweight\tmode\twindow\tvariants\tunless\tfrom\tuntil\towner\tnote";
    let row = format!("{WORD}\tsafety\tseverity\t3\t\t\t\t\t\t\t应急组\t");
    let mut shelf = shelf();
    shelf.put("site/90-local.tsv", format!("# layer: site\n{head}\n{row}\n").into_bytes());
    shelf
}

fn assessor(shelf: &Shelf) -> Arc<Assessor> {
    Arc::new(Assessor::new(Arc::new(lexicon(shelf)), AssessConfig::default()))
}

impl Desk {
    /// Grade, category and version of the posts 1 to 3, as search shows them.
    async fn judged(&self) -> Vec<[String; 3]> {
        let found = read_json(self.get("/api/v1/posts?source=forum", "viewer").await).await;
        let mut items = found["items"].as_array().unwrap().clone();
        items.sort_by_key(|item| item["external_id"].to_string());
        let word = |value: &Value| value.as_str().unwrap_or("none").to_owned();
        let judged = |item: &Value| {
            let one = &item["assessment"];
            [word(&one["grade"]), word(&one["category"]["id"]), word(&one["versions"]["dictionary"])]
        };
        items.iter().filter(|item| item["external_id"] != "f1").map(judged).collect()
    }

    /// Waits for so many incidents, and gives what is told of each.
    async fn incidents(&self, many: usize) -> Vec<String> {
        let mut live = std::pin::pin!(self.web.handles().live.listen(None));
        loop {
            let list = read_json(self.get("/api/v1/incidents", "viewer").await).await;
            let told = |one: &Value| format!("{} {} {}", one["id"], one["grade"], one["title"]);
            let mut told: Vec<String> = list["items"].as_array().unwrap().iter().map(told).collect();
            if told.len() >= many {
                told.sort();
                return told;
            }
            let next = tokio_stream::StreamExt::next(&mut live);
            tokio::time::timeout(Duration::from_secs(30), next).await.expect("they are told of in time");
        }
    }
}

/// Whether a post judged so opens an incident by itself.
fn is_grave(judged: &[String; 3]) -> bool {
    matches!(judged[0].as_str(), "orange" | "red")
}

#[tokio::test(flavor = "multi_thread")]
async fn posts_are_judged_again_and_what_was_concluded_stays() {
    let desk = desk(None, None).await;
    desk.push(POSTS).await;
    desk.pipeline.caught_up(|_| {}).await;
    let before = desk.judged().await;
    assert!(before.len() == 3 && !is_grave(&before[0]), "{before:?}");
    let concluded = desk.incidents(2).await;
    let idle = read_json(desk.get("/api/v1/rescore", "viewer").await).await;
    assert_eq!((&idle["state"], &idle["posts"]), (&json!("idle"), &json!(0)));

    let other = assessor(&other_shelf());
    let version = other.version();
    let names = Names::new(other.lexicon().categories(), &Departments::default());
    assert!(desk.web.handles().reload.dictionaries(other, names).await.unwrap());
    assert_eq!(desk.judged().await, before, "history is not overwritten by a change of dictionaries");

    for (role, status) in [("viewer", StatusCode::FORBIDDEN), ("officer", StatusCode::FORBIDDEN)] {
        assert_eq!(desk.post("/api/v1/rescore", role, &json!({})).await.status(), status, "{role}");
    }
    for body in [json!({"since": "yesterday"}), json!({"dictionary": "x"})] {
        let answer = desk.post("/api/v1/rescore", "editor", &body).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{body}");
    }
    let nothing = desk.post("/api/v1/rescore", "editor", &json!({"until": "2020-01-01T00:00:00Z"})).await;
    assert_eq!(nothing.status(), StatusCode::ACCEPTED);
    assert_eq!(read_json(nothing).await["posts"], 0);

    let ordered = desk.post("/api/v1/rescore", "editor", &json!({})).await;
    assert_eq!(ordered.status(), StatusCode::ACCEPTED);
    assert_eq!(read_json(ordered).await, json!({"posts": 3, "version": version}));
    desk.web.handles().rescore.ended(|_| {}).await;
    let told = read_json(desk.get("/api/v1/rescore", "viewer").await).await;
    let after = desk.judged().await;
    assert!(after.iter().all(|post| post[2] == version), "{after:?}");
    assert!(is_grave(&after[0]), "{after:?}");
    assert_eq!(after[0][1], "safety");
    assert_eq!((&after[1][..2], &after[2][..2]), (&before[1][..2], &before[2][..2]));
    let moved = |at: usize| json!([{"from": before[0][at], "to": after[0][at], "posts": 1}]);
    assert_eq!(
        (&told["state"], &told["posts"], &told["judged"], &told["grades"], &told["categories"]),
        (&json!("done"), &json!(3), &json!(3), &moved(0), &moved(1))
    );

    // A rebuild from the journal alone judges alike, and does not conclude what nobody concluded.
    let dir = desk.stop().await;
    for view in ["store", "index"] {
        std::fs::remove_dir_all(dir.path().join(view)).unwrap();
    }
    std::fs::remove_file(dir.path().join("detector.snapshot")).unwrap();
    let desk = desk_in(dir, lexicon(&other_shelf()), None, None).await;
    desk.pipeline.caught_up(|_| {}).await;
    assert_eq!(desk.judged().await, after);
    desk.push(FIRE).await;
    let now = desk.incidents(3).await;
    assert_eq!(now[..2], concluded, "the detector heard of these again before it heard of the fire");
    assert!(now.len() == 3 && now[2].contains("爆炸"), "{now:?}");
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_ordered_before_a_crash_is_done_after_it() {
    let desk = desk(None, None).await;
    desk.push(POSTS).await;
    desk.pipeline.caught_up(|_| {}).await;
    let first = desk.judged().await;
    let dir = desk.stop().await;

    // With other dictionaries in force, an order is written down and nothing comes of it: as a kill leaves it.
    let desk = desk_in(dir, lexicon(&other_shelf()), None, None).await;
    assert_eq!(desk.judged().await, first);
    let version = desk.web.handles().reading.assessor().version();
    let dir = desk.stop().await;
    let (journal, writer, _) =
        Journal::open(Arc::new(RealDisk), &journal_dir(dir.path()), &JournalConfig::default()).unwrap();
    let writing = std::thread::spawn(move || writer.run());
    let rescored = Rescored {
        from: Sequence(1),
        to: journal.durable(),
        version: version.clone(),
        by: PersonOrToken::Console,
        at: now(),
    };
    let record = DeskRecord::Rescored(Box::new(rescored)).encode();
    journal.append(vec![(Stream::Desk, record)]).await.unwrap();
    journal.close();
    drop(journal);
    writing.join().unwrap();

    let desk = desk_in(dir, lexicon(&shelf()), None, None).await;
    desk.pipeline.caught_up(|_| {}).await;
    let after = desk.judged().await;
    assert!(after.iter().all(|post| post[2] == version), "{after:?}");
    // What comes from now on is judged by what is in force now.
    desk.push(&POSTS.replace("forum", "news")).await;
    desk.pipeline.caught_up(|_| {}).await;
    let found = read_json(desk.get("/api/v1/posts?source=news", "viewer").await).await;
    for post in found["items"].as_array().unwrap() {
        assert_eq!(post["assessment"]["versions"]["dictionary"], first[0][2]);
    }
    assert_eq!(found["items"].as_array().unwrap().len(), 3);
    desk.stop().await;
}
