//! The mail sink of the demo against the client that the product sends with.

use std::sync::Arc;

use lettre::message::MultiPart;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use minsheng::demo::inbox::{Channel, Inbox};
use minsheng::demo::mail::MailSink;
use tokio_util::sync::CancellationToken;

#[tokio::test]
async fn the_mail_sink_takes_what_lettre_sends() {
    let at: jiff::Timestamp = "2026-11-24T02:00:00Z".parse().unwrap();
    let inbox = Inbox::default();
    let sink = MailSink::bind(inbox.clone(), Arc::new(move || at)).await.unwrap();
    let (address, stop) = (sink.address(), CancellationToken::new());
    let text = "云锦苑燃气爆炸，有人被困。\r\n.\r\n..尾行";
    let sending = async {
        let host = address.ip().to_string();
        let transport =
            AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host).port(address.port()).build();
        for number in 1..=2 {
            let message = Message::builder()
                .from("desk@hechuan.example".parse().unwrap())
                .to("duty@hechuan.example".parse().unwrap())
                .subject(format!("【红】燃气爆炸 · 云锦苑 · INC-{number}"))
                .multipart(MultiPart::alternative_plain_html(text.to_owned(), "<p>云锦苑</p>".to_owned()))
                .unwrap();
            transport.send(message).await.unwrap();
        }
        assert!(transport.test_connection().await.unwrap());
        stop.cancel();
    };
    let (served, ()) = tokio::join!(sink.run(stop.clone()), sending);
    served.unwrap();
    assert_eq!(inbox.count(Channel::Mail), 2);
    let newest = &inbox.messages()[0];
    assert_eq!(newest.subject, "【红】燃气爆炸 · 云锦苑 · INC-2");
    assert_eq!((newest.at, &newest.to[..]), (at, &["duty@hechuan.example".to_owned()][..]));
    assert_eq!(newest.text.trim_end(), text);
    assert_eq!(newest.html.as_deref().map(str::trim_end), Some("<p>云锦苑</p>"));
}
