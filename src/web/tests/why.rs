//! What decided a grade, where people and machines see it.

use axum::body::Body;
use axum::http::{Request, header};

use super::{desk, read_json, text};
use crate::web::openapi;

const OUTAGE: &str = r#"{"id":"w1","source":"forum","text":"锦华里停水两天了，物业没人管","likes":3}"#;

#[tokio::test(flavor = "multi_thread")]
async fn what_decided_is_told_by_the_api_and_on_the_page() {
    let desk = desk(None, None).await;
    desk.push(OUTAGE).await;
    let named = read_json(desk.get("/api/v1/posts?source=forum&external_id=w1", "viewer").await).await;
    assert!(named["items"][0].get("counterfactual").is_none(), "only who asks for one post is told");
    let id = named["items"][0]["id"].as_str().unwrap().to_owned();
    let post = read_json(desk.get(&format!("/api/v1/posts/{id}"), "viewer").await).await;
    let list = post["counterfactual"].as_array().unwrap();
    assert!(list.iter().any(|one| one["term"] == "停水"), "{list:?}");
    assert!(list.iter().all(|one| one["grade"] != post["assessment"]["grade"]), "{list:?}");
    let described = &openapi()["components"]["schemas"];
    let keys = described["Without"]["properties"].as_object().unwrap().keys();
    assert!(keys.eq(list[0].as_object().unwrap().keys()), "{}", described["Without"]);

    let (cookie, _) = desk.log_in().await;
    for (language, wanted) in [("zh", "去掉“停水”"), ("en", "without “停水”")] {
        let cookie = format!("{cookie}; lang={language}");
        let request = Request::get(format!("/posts/{id}")).header(header::COOKIE, cookie);
        let page = text(desk.ask(request, Body::empty()).await).await;
        assert!(page.contains(wanted), "{wanted}: {page}");
    }
    desk.stop().await;
}
