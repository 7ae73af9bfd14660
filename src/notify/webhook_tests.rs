//! The payload as receivers see it, and what their answers mean.

use super::*;
use crate::detect::fixture::at;
use crate::notify::{Channel, fixture, test_of};
use serde_json::Value;

fn webhook() -> Webhook {
    let receivers = fixture::receivers("");
    match &receivers.get("duty").unwrap().channel {
        Channel::Webhook(webhook) => webhook.clone(),
        other => panic!("duty is a webhook, not {other:?}"),
    }
}

fn console() -> Url {
    "https://minsheng.example/desk".parse().unwrap()
}

fn body(nth: usize) -> Value {
    let request = request(&fixture::notifications()[nth], &webhook(), &console(), at("2026-11-22T00:47:01Z"));
    serde_json::from_slice(&request.body).unwrap()
}

#[test]
fn an_opening_is_a_firing_alert() {
    insta::assert_snapshot!(serde_json::to_string_pretty(&body(0)).unwrap(), @r#"
    {
      "alerts": [
        {
          "annotations": {
            "dashboard_url": "https://minsheng.example/desk/incidents/INC-20261122-01",
            "description": "黄级，望江花园 · 水电气热 · 停水。\n尚不清楚：是否还有其他人遇到；有关单位是否已经回应。",
            "dictionary": "d1c710a9e001",
            "evidence_1": "望江花园停水两天了，老人没法做饭 https://forum.example/t/1",
            "reason": "opened",
            "state": "new",
            "summary": "【黄】望江花园 · 水电气热 · 停水",
            "voices": "1",
            "why": "较大单帖：一条帖文评为黄级（40 分）\n停水14分，持续两天2分，老人4分，合计40分"
          },
          "endsAt": "0001-01-01T00:00:00Z",
          "fingerprint": "6b1969dc89947c46",
          "generatorURL": "https://minsheng.example/desk/incidents/INC-20261122-01",
          "labels": {
            "alertname": "serious-post",
            "category": "utilities",
            "department": "water",
            "grade": "yellow",
            "incident": "INC-20261122-01",
            "place": "望江花园",
            "rule": "serious-post",
            "severity": "warning",
            "source": "town-forum"
          },
          "startsAt": "2026-11-22T08:47:00+08:00",
          "status": "firing"
        }
      ],
      "commonAnnotations": {
        "dashboard_url": "https://minsheng.example/desk/incidents/INC-20261122-01",
        "description": "黄级，望江花园 · 水电气热 · 停水。\n尚不清楚：是否还有其他人遇到；有关单位是否已经回应。",
        "dictionary": "d1c710a9e001",
        "evidence_1": "望江花园停水两天了，老人没法做饭 https://forum.example/t/1",
        "reason": "opened",
        "state": "new",
        "summary": "【黄】望江花园 · 水电气热 · 停水",
        "voices": "1",
        "why": "较大单帖：一条帖文评为黄级（40 分）\n停水14分，持续两天2分，老人4分，合计40分"
      },
      "commonLabels": {
        "alertname": "serious-post",
        "category": "utilities",
        "department": "water",
        "grade": "yellow",
        "incident": "INC-20261122-01",
        "place": "望江花园",
        "rule": "serious-post",
        "severity": "warning",
        "source": "town-forum"
      },
      "externalURL": "https://minsheng.example/desk",
      "groupKey": "{}:{incident=\"INC-20261122-01\"}",
      "groupLabels": {
        "incident": "INC-20261122-01"
      },
      "receiver": "duty",
      "status": "firing",
      "truncatedAlerts": 0,
      "version": "4"
    }
    "#);
}

#[test]
fn a_closing_resolves_the_alert_that_fired() {
    let (opened, raised, closed) = (body(0), body(1), body(3));
    assert_eq!(raised["alerts"][0]["labels"]["severity"], "critical");
    assert_eq!((&closed["status"], &closed["alerts"][0]["status"]), (&"resolved".into(), &"resolved".into()));
    assert_eq!(closed["alerts"][0]["endsAt"], "2026-11-22T12:12:00+08:00");
    for same in ["groupKey", "receiver"] {
        assert_eq!(opened[same], closed[same], "{same}");
    }
    assert_eq!(opened["alerts"][0]["fingerprint"], raised["alerts"][0]["fingerprint"]);
    assert_eq!(opened["alerts"][0]["fingerprint"], closed["alerts"][0]["fingerprint"]);
}

#[test]
fn a_test_is_no_alert() {
    let receivers = fixture::receivers("");
    let tests = test_of(receivers.get("duty").unwrap(), at("2026-11-22T00:47:00Z"));
    let request = request(&tests[0], &webhook(), &console(), at("2026-11-22T00:47:00Z"));
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!((&body["type"], &body["timestamp"]), (&"test".into(), &"2026-11-22T08:47:00+08:00".into()));
}

#[test]
fn the_id_stays_and_the_signature_is_of_the_try() {
    let notification = fixture::notification();
    let tries = ["2026-11-22T00:47:01Z", "2026-11-22T03:00:00Z"]
        .map(|now| request(&notification, &webhook(), &console(), at(now)));
    let header = |request: &Request, name: &str| {
        request.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone()).unwrap()
    };
    assert_eq!(tries[0].body, tries[1].body);
    let id = header(&tries[0], "webhook-id");
    assert_eq!(id, header(&tries[1], "webhook-id"));
    assert!(id.starts_with("msg_") && !id.contains('.'), "{id}");
    assert_ne!(header(&tries[0], "webhook-signature"), header(&tries[1], "webhook-signature"));
    // The reference implementation signs the same.
    let oracle = standardwebhooks::Webhook::new(fixture::SECRET).unwrap();
    for request in &tries {
        let timestamp = header(request, "webhook-timestamp").parse().unwrap();
        assert_eq!(oracle.sign(&id, timestamp, &request.body).unwrap(), header(request, "webhook-signature"));
    }
    assert!(!format!("{:?}", tries[0]).contains("canary"));
}

#[test]
fn answers_are_judged_by_status_and_retry_after() {
    let now = at("2026-11-22T00:47:00Z");
    let failed = |seconds: Option<u64>| Attempt::Failed { after: seconds.map(Duration::from_secs) };
    for (status, header, attempt) in [
        (200, None, Attempt::Sent),
        (204, None, Attempt::Sent),
        (302, None, failed(None)),
        (404, None, failed(None)),
        (410, Some("5"), Attempt::Broken),
        (429, Some("120"), failed(Some(120))),
        (503, Some("Sun, 22 Nov 2026 00:48:00 GMT"), failed(Some(60))),
        (503, Some("soon"), failed(None)),
    ] {
        let headers = header.map(|value| ("retry-after".to_owned(), value.to_owned())).into_iter().collect();
        let answer = Answer { status, headers, body: "so\r\nmuch".into(), took: Duration::ZERO };
        assert_eq!(judge(&answer, now), (attempt, format!("HTTP {status} so much")), "{status} {header:?}");
    }
}
