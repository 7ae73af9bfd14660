//! What the desk says of an event's claim: who may, what is refused by name, what counts, and where it is told.

use super::*;

/// Three people without water at one estate.
fn outage() -> String {
    let said = [
        "锦华里小区停水两天了，老人没法做饭",
        "锦华里小区又停水，整栋楼都没有自来水",
        "问一下锦华里小区停水什么时候来水？孩子发烧要喝热水",
    ];
    let post = |(n, text): (usize, &&str)| {
        json!({"id": format!("o{n}"), "source": "forum", "text": text, "author": format!("路人{n}"),
               "published_at": format!("2026-11-22T16:4{n}:00+08:00")})
        .to_string()
    };
    said.iter().enumerate().map(post).collect::<Vec<_>>().join("\n")
}

impl Desk {
    /// Waits for an event of so many posts, as an open page would.
    async fn event(&self, posts: u32) -> Value {
        let mut live = std::pin::pin!(self.web.handles().live.listen(None));
        loop {
            let list = read_json(self.get("/api/v1/events", "viewer").await).await;
            if let Some(event) = list["items"].as_array().unwrap().iter().find(|e| e["posts"] == posts) {
                return event.clone();
            }
            let told =
                tokio::time::timeout(Duration::from_secs(30), tokio_stream::StreamExt::next(&mut live));
            told.await.expect("an event is told of in time");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fact_card_is_stated_by_officers_and_told_with_its_event() {
    let desk = desk(None, None).await;
    desk.push(&outage()).await;
    let event = desk.event(3).await;
    let id = event["id"].as_str().unwrap();
    assert_eq!(event["fact"], Value::Null);
    let path = format!("/api/v1/events/{id}/fact");
    let card = json!({"claim": "停水要停三天", "status": "false", "source": "市水务局", "url": "https://water.example/1", "note": "今晚恢复"});
    for role in ["ingest", "viewer"] {
        assert_eq!(desk.post(&path, role, &card).await.status(), StatusCode::FORBIDDEN, "{role}");
    }
    for (body, named) in [
        (json!({"status": "unverified"}), "a claim has 1 to 300 characters"),
        (json!({"claim": "停水", "status": "rumour"}), "status is one of"),
        (json!({"claim": "停水", "status": "true"}), "names the office that says so"),
        (
            json!({"claim": "停水", "status": "true", "source": "市水务局", "url": "javascript:1"}),
            "http or https",
        ),
        (json!({"claim": "停水", "status": "true", "author": "x"}), "unknown field `author`"),
    ] {
        let refused = desk.post(&path, "officer", &body).await;
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST, "{body}");
        let detail = read_json(refused).await["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(named), "{detail}");
    }
    let nowhere = desk.post("/api/v1/events/0000000000000000/fact", "officer", &card).await;
    assert_eq!(nowhere.status(), StatusCode::NOT_FOUND);

    let open = json!({"claim": "停水要停三天", "status": "unverified"});
    assert_eq!(desk.post(&path, "officer", &open).await.status(), StatusCode::OK);
    let stated = read_json(desk.post(&path, "officer", &card).await).await;
    assert_eq!((&stated["status"], &stated["voices"]), (&json!("false"), &json!(3)));
    let told = read_json(desk.get(&format!("/api/v1/events/{id}"), "viewer").await).await;
    assert_eq!(told["fact"], stated, "the latest counts");
    let list = |query: &'static str| async { read_json(desk.get(query, "viewer").await).await };
    assert_eq!(list("/api/v1/facts?status=false").await["items"], json!([stated]));
    assert_eq!(list("/api/v1/facts?status=true").await["items"], json!([]));

    let (cookie, csrf) = desk.log_in().await;
    let page = |path: String| async {
        text(desk.ask(Request::get(path).header(header::COOKIE, &cookie), Body::empty()).await).await
    };
    for path in [format!("/events/{id}"), "/facts".to_owned()] {
        let page = page(path.clone()).await;
        for shown in ["停水要停三天", "不实", "市水务局", "https://water.example/1", "今晚恢复"]
        {
            assert!(page.contains(shown), "{shown} on {path}");
        }
        assert!(!page.contains("路人"), "a writer's name on {path}");
    }
    let form = post_form(&format!("/events/{id}/fact")).header(header::COOKIE, &cookie);
    let sent = desk.ask(form, format!("csrf={csrf}&claim=c&status=partly&source=s&url=&note=")).await;
    assert_eq!(sent.status(), StatusCode::SEE_OTHER);
    assert!(page("/partial/events".to_owned()).await.contains("部分属实"));
    desk.stop().await;
}
