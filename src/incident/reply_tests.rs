//! What counts as an answer, and how answers stand.

use super::*;
use crate::assess::fixture;
use crate::incident::fixture::opened;
use crate::incident::{Actor, Change, IncidentEvent};

fn judged(title: &str, text: &str) -> Result<Substance, Doubt> {
    let assessed = fixture::assess_official(&format!("{title}\n{text}"));
    answers(&opened(), Page { title, text }, &assessed)
}

#[test]
fn a_page_answers_if_it_is_on_the_matter_and_says_something() {
    let elsewhere = Err(Doubt::Elsewhere { place: "望江花园".to_owned() });
    for (title, text, expected) in [
        (
            "关于望江花园停水的通报",
            "因管网抢修，今晚8点前恢复供水，现场已安排送水车。",
            Ok(Substance::Answers),
        ),
        ("回复", "望江花园停水一事已收悉，已转交相关部门尽快处理，感谢您的关注。", Ok(Substance::Courtesy)),
        ("关于清荷苑停水的通报", "今晚8点前恢复供水。", elsewhere),
        ("望江花园业委会选举", "选举结果已公示。", Err(Doubt::OffMatter)),
        ("", "", Err(Doubt::Empty)),
    ] {
        assert_eq!(judged(title, text), expected, "{title} {text}");
    }
}

#[test]
fn an_answer_stands_as_it_was_seen_last() {
    let mut incident = opened();
    let url: Url = "https://water.example/a".parse().unwrap();
    let page = Page { title: "通报", text: "今晚8点恢复供水" };
    let reply = Reply::new(url.clone(), page, None, Substance::Answers, FoundBy::Desk);
    let told = |incident: &mut Incident, change| {
        let (id, at) = (incident.id.clone(), incident.updated_at);
        incident.apply(&IncidentEvent { incident: id, at, by: Actor::System, change }).unwrap();
        incident.replies().into_iter().map(|reply| reply.standing).collect::<Vec<_>>()
    };
    let said = |url: &Url| Change::Respond { url: Some(url.clone()), note: None };
    told(&mut incident, Change::Acknowledge { note: None });
    assert_eq!(told(&mut incident, said(&url)), [ReplyStanding::Unseen]);
    let doubt = Change::ReplyDoubted { url: url.clone(), doubt: Doubt::Missing };
    assert_eq!(told(&mut incident, doubt), [ReplyStanding::Doubted(Doubt::Missing)]);
    assert_eq!(told(&mut incident, said(&url)), [ReplyStanding::Unseen], "said again: looked at again");
    let seen = ReplyStanding::Seen(reply.clone());
    assert_eq!(told(&mut incident, Change::ReplySeen(Box::new(reply))), std::slice::from_ref(&seen));
    assert_eq!(told(&mut incident, said(&url)), [seen], "it was seen, whoever says it again");
    assert_eq!(told(&mut incident, Change::ReplyGone { url }), [ReplyStanding::Gone]);
}
