//! What the desk says of posts: who may, what is refused by name, what counts, and what goes out as labels.

use super::*;
use crate::assess::evaluation::{Labelled, Matter, Rung};
use crate::lexicon::Category;

const LEAK: &str = r#"{"id":"w1","source":"forum","url":"https://forum.example/t/2","text":"锦华里小区停水两天了，老人没法做饭，物业没人管，电话13800138000","author":"路边的风","published_at":"2026-11-22T16:40:00+08:00","likes":7}"#;

impl Desk {
    async fn post_id(&self, external: &str) -> String {
        let path = format!("/api/v1/posts?source=forum&external_id={external}");
        let found = read_json(self.get(&path, "viewer").await).await;
        found["items"][0]["id"].as_str().unwrap().to_owned()
    }

    async fn told(&self, id: &str) -> Value {
        read_json(self.get(&format!("/api/v1/posts/{id}"), "viewer").await).await
    }

    async fn page(&self, path: &str, cookie: &str) -> String {
        text(self.ask(Request::get(path).header(header::COOKIE, cookie), Body::empty()).await).await
    }
}

/// What a page hides in its forms to name the text and judgement on it.
fn seen(page: &str) -> String {
    let seen = page.split("name=\"seen\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    url::form_urlencoded::byte_serialize(seen.as_bytes()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn verdicts_are_taken_from_officers_and_what_is_wrong_is_named() {
    let desk = desk(None, None).await;
    desk.push(&format!("{LEAK}\n{FIRE}")).await;
    let (leak, fire) = (desk.post_id("w1").await, desk.post_id("f1").await);
    let path = format!("/api/v1/posts/{leak}/verdict");
    let right = json!({"grade": "yellow", "category": "utilities", "department": "water"});
    assert_eq!(desk.told(&leak).await["verdict"], Value::Null);
    for (role, status) in [("ingest", StatusCode::FORBIDDEN), ("viewer", StatusCode::FORBIDDEN)] {
        assert_eq!(desk.post(&path, role, &right).await.status(), status, "{role}");
    }
    let stranger = desk.ask(Request::post(&path), right.to_string()).await;
    assert_eq!(stranger.status(), StatusCode::UNAUTHORIZED);
    for (body, named) in [
        (json!({}), "say at least one of"),
        (json!({"note": "只有说明"}), "say at least one of"),
        (json!({"grade": "purple"}), "grade is `purple`"),
        (json!({"grade": "x".repeat(99)}), "grade is longer than"),
        (json!({"category": "persons"}), "category is `persons`"),
        (json!({"department": "nobody"}), "department is `nobody`; it must be one of"),
        (json!({"sentiment": "angry"}), "sentiment is `angry`"),
        (json!({"question": "yes"}), "expected a boolean"),
        (json!({"author": "x"}), "unknown field `author`"),
        (json!({"grade": "red", "note": "长".repeat(2001)}), "a note has 1 to 2000 characters"),
        (json!({"grade": "red", "category": "none"}), "has neither grade nor department"),
        (json!({"department": "fire", "category": "none"}), "has neither grade nor department"),
    ] {
        let answer = desk.post(&path, "officer", &body).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{body}");
        let detail = read_json(answer).await["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(named), "{detail}");
    }
    let nowhere = desk.post(&format!("/api/v1/posts/{}/verdict", "0".repeat(32)), "officer", &right).await;
    assert_eq!(nowhere.status(), StatusCode::NOT_FOUND);
    assert_eq!(desk.told(&leak).await["verdict"], Value::Null, "nothing refused is kept");

    let given = desk.post(&path, "officer", &right).await;
    assert_eq!(given.status(), StatusCode::OK);
    let given = read_json(given).await;
    assert_eq!(
        (&given["grade"], &given["category"], &given["department"], &given["sentiment"]),
        (&json!("yellow"), &json!("utilities"), &json!("water"), &Value::Null)
    );
    assert!(given["by"].as_str().unwrap().starts_with("token:"), "{given}");
    let told = desk.told(&leak).await;
    assert_eq!(told["verdict"], given);
    assert_eq!(told["verdict"]["judged"]["grade"], told["assessment"]["grade"]);

    // The same key twice is one verdict, and is no other post's.
    let keyed = |path: String, grade: &'static str| {
        let request = Request::post(path)
            .header(header::AUTHORIZATION, desk.bearer("officer"))
            .header("idempotency-key", "k1");
        desk.ask(request, format!("{{\"grade\":\"{grade}\"}}"))
    };
    assert_eq!(keyed(path.clone(), "blue").await.status(), StatusCode::OK);
    let again = read_json(keyed(path.clone(), "red").await).await;
    assert_eq!(again["grade"], "blue");
    let other = keyed(format!("/api/v1/posts/{fire}/verdict"), "blue").await;
    assert_eq!(other.status(), StatusCode::CONFLICT);
    assert_eq!(desk.told(&leak).await["verdict"]["grade"], "blue", "the latest counts");
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_click_or_the_fold_says_it_on_the_page_of_the_post() {
    let desk = desk(None, None).await;
    desk.push(LEAK).await;
    let id = desk.post_id("w1").await;
    let (cookie, csrf) = desk.log_in().await;
    let (shown, form) = (format!("/posts/{id}"), format!("/posts/{id}/verdict"));
    let send = |fields: String| desk.ask(post_form(&form).header(header::COOKIE, &cookie), fields);
    let page = desk.page(&shown, &cookie).await;
    for words in ["人工复核", "还没有人复核", "判断正确", "偏高", "偏低", "不属本台", "逐项更正"]
    {
        assert!(page.contains(words), "{words}");
    }
    let at = seen(&page);
    let without = send(format!("seen={at}&quick=right")).await;
    assert_eq!(without.status(), StatusCode::FORBIDDEN, "no CSRF token");
    let stale = send(format!("csrf={csrf}&seen=1+0&quick=right")).await;
    assert_eq!(stale.status(), StatusCode::CONFLICT, "another text or judgement");
    for (fields, named) in [
        ("quick=whatever", "quick is right, not-ours or a grade"),
        ("grade=&category=&department=", "请至少判断一项"),
        ("grade=red&category=none", "不属任何事项的帖文没有等级"),
        ("grade=red&question=perhaps", "question is yes or no"),
    ] {
        let refused = send(format!("csrf={csrf}&seen={at}&{fields}")).await;
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST, "{fields}");
        assert!(text(refused).await.contains(named), "{fields}");
    }

    let judged = desk.told(&id).await["assessment"].clone();
    for (fields, line, verdict) in [
        ("quick=right", "判断正确", json!([judged["grade"], "utilities", judged["department"]["id"], null])),
        (
            "category=housing&department=&grade=&sentiment=negative&question=no&note=",
            "事项应为住房与物业；情绪：负面；不是提问",
            json!([null, "housing", null, "negative"]),
        ),
        ("quick=red", "等级偏低，应为红；事项应为住房与物业", json!(["red", "housing", null, null])),
        ("quick=none", "等级偏高，应为无需处置；事项应为住房与物业", json!(["none", "housing", null, null])),
        ("quick=not-ours", "不属本台", json!(["none", "none", "none", null])),
        ("quick=red", "等级偏低，应为红", json!(["red", null, null, null])),
        (
            "category=utilities&department=water&grade=yellow",
            "等级正确：黄；事项正确：水电气热；部门应为水务局",
            json!(["yellow", "utilities", "water", null]),
        ),
    ] {
        let sent = send(format!("csrf={csrf}&seen={at}&{fields}")).await;
        assert_eq!(sent.status(), StatusCode::SEE_OTHER, "{fields}");
        assert_eq!(sent.headers()[header::LOCATION].to_str().unwrap(), format!("/posts/{id}#verdict"));
        let told = desk.told(&id).await["verdict"].clone();
        let said = json!([told["grade"], told["category"], told["department"], told["sentiment"]]);
        assert_eq!(said, verdict, "{fields}");
        assert_eq!(told["by"], "person:li");
        let page = desk.page(&shown, &cookie).await;
        assert!(page.contains(&format!("<b>{line}</b>")), "{fields}: {line}");
    }

    // Who only reads sees what was said, and no form to say it; the form has no other way in.
    let page = text(desk.get(&shown, "viewer").await).await;
    assert!(page.contains("水务局") && !page.contains("quick") && !page.contains("逐项更正"));
    let viewer = post_form(&form).header(header::AUTHORIZATION, desk.bearer("viewer"));
    let refused = desk.ask(viewer, format!("seen={at}&quick=right")).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_evidence_of_an_incident_leads_to_the_review() {
    let desk = desk(None, None).await;
    desk.push(FIRE).await;
    let (incident, post) = (desk.incident().await, desk.post_id("f1").await);
    let (cookie, _) = desk.log_in().await;
    let link = |words: &str| format!("<a href=\"/posts/{post}#verdict\">{words}</a>");
    let page = desk.page(&format!("/incidents/{incident}"), &cookie).await;
    assert!(page.contains(&link("复核研判")));
    let path = format!("/api/v1/posts/{post}/verdict");
    desk.post(&path, "officer", &json!({"grade": "yellow"})).await;
    let page = desk.page(&format!("/incidents/{incident}"), &cookie).await;
    assert!(page.contains(&link("复核：等级偏高，应为黄")));
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn verdicts_go_out_as_labels_with_the_text_that_was_judged_and_nobodys_name() {
    let desk = desk(None, None).await;
    desk.push(&format!("{LEAK}\n{FIRE}")).await;
    let (leak, fire) = (desk.post_id("w1").await, desk.post_id("f1").await);
    let say = |id: &str, said: Value| {
        let path = format!("/api/v1/posts/{id}/verdict");
        let desk = &desk;
        async move { assert_eq!(desk.post(&path, "officer", &said).await.status(), StatusCode::OK) }
    };
    say(&fire, json!({"grade": "red"})).await;
    say(&leak, json!({"grade": "blue", "category": "utilities", "question": false})).await;
    say(&fire, json!({"grade": "none", "category": "none", "department": "none", "sentiment": "neutral"}))
        .await;
    desk.push(&LEAK.replace("停水两天了", "来水了")).await;

    assert_eq!(desk.get("/api/v1/labels", "officer").await.status(), StatusCode::FORBIDDEN);
    let first = read_json(desk.get("/api/v1/labels?limit=1", "editor").await).await;
    let next = first["next"].as_str().unwrap();
    let second = read_json(desk.get(&format!("/api/v1/labels?limit=1&cursor={next}"), "editor").await).await;
    assert_eq!((&second["next"], &second["gone"]), (&Value::Null, &json!(0)));
    let rows = [first["items"][0].to_string(), second["items"][0].to_string()];
    let read = rows.clone().map(|row| Labelled::read(&row, now()).unwrap());
    assert_eq!(read[0].id, leak, "in the order in which the latest were given");
    assert!(read[0].post.text.contains("停水两天了"), "the text that was judged: {}", read[0].post.text);
    assert_eq!(read[0].labels.category, Some(Matter::Of(Category::Utilities)));
    assert_eq!((read[0].labels.department.clone(), read[0].labels.sentiment), (None, None), "not judged");
    assert_eq!((read[1].id.as_str(), read[1].labels.grade), (fire.as_str(), Some(Rung::NONE)));
    assert_eq!(read[1].labels.category, Some(Matter::Nobodys));
    for row in &rows {
        for trace in ["路边的风", "13800138000", "voice", "author", "forum", "url", "thread"] {
            assert!(!row.contains(trace), "{trace} in {row}");
        }
    }
    let told = desk.told(&leak).await;
    assert_eq!(told["verdict"]["edited_since"], true);
    let later = read_json(desk.get("/api/v1/labels?since=2026-11-23T00:00:00Z", "editor").await).await;
    assert_eq!(later["items"], json!([]));
    let wrong = desk.get("/api/v1/labels?since=yesterday", "editor").await;
    assert_eq!(wrong.status(), StatusCode::BAD_REQUEST);
    desk.stop().await;
}
