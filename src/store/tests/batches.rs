//! Any records in any cut of batches come to the same.

use super::*;

fn any_post_record() -> impl Strategy<Value = PostRecord> {
    let number = 0..12_u32;
    let minutes = 0..20_000_i64;
    let outcome = prop_oneof![
        Just(LookOutcome::Observed),
        Just(LookOutcome::Empty),
        Just(LookOutcome::Failed("timeout".into()))
    ];
    prop_oneof![
        (number.clone(), proptest::option::of(0..3_u32), "[ab]?", prop_oneof![Just("forum"), Just("news")])
            .prop_map(|(n, thread, text, from)| PostRecord::Found(Box::new(post(n, thread, &text, from)))),
        (number.clone(), "[ab]?", minutes.clone()).prop_map(|(n, text, m)| PostRecord::Revised {
            post: id(n),
            title: String::new(),
            text,
            counts: Counts::default(),
            at: at(m)
        }),
        (number.clone(), 0..9_u64).prop_map(|(n, likes)| PostRecord::Counted {
            post: id(n),
            counts: Counts { likes, ..Counts::default() },
            at: at(0)
        }),
        (number.clone(), minutes.clone()).prop_map(|(n, m)| PostRecord::Missing { post: id(n), at: at(m) }),
        number.prop_map(|n| PostRecord::Returned { post: id(n), at: at(0) }),
        (minutes.clone(), outcome, any::<bool>()).prop_map(|(m, outcome, overlapped)| PostRecord::Looked(
            Box::new(Look { overlapped, ..look(m, outcome) })
        )),
        (0..4_u32, minutes.clone(), 0..200_000_i64).prop_map(|(page, changed, more)| PostRecord::Visited(
            Box::new(visit(page, changed + more, changed))
        )),
    ]
}

fn any_desk_record() -> impl Strategy<Value = DeskRecord> {
    let number = 1..6_u32;
    let receiver = prop_oneof![Just("desk"), Just("chief")];
    let outcome = prop_oneof![
        Just(Outcome::Sent),
        Just(Outcome::Broken),
        Just(Outcome::Rejected),
        (0..900_i64).prop_map(|m| Outcome::Retry(at(m)))
    ];
    prop_oneof![
        (number.clone(), prop_oneof![Just(Grade::Red), Just(Grade::Blue)])
            .prop_map(|(n, grade)| opened(n, grade)),
        (number.clone(), 0..99_i64).prop_map(|(n, m)| acted(n, m, Change::Acknowledge { note: None })),
        (number.clone(), 0..99_i64).prop_map(|(n, m)| acted(n, m, Change::Close { note: None })),
        (number.clone(), receiver, 1..4_u32, outcome)
            .prop_map(|(n, to, attempt, how)| delivered(n, to, attempt, how)),
        (number, prop::sample::select(Rung::ALL.to_vec()), 0..99_i64)
            .prop_map(|(n, grade, m)| judged::verdict(n, grade, m)),
        (1..40_u64, 1..40_u64, "[ab]").prop_map(|(from, to, version)| judged::rescored(from, to, &version)),
    ]
}

/// Applies the records in batches of these sizes, each batch overlapping the one before.
fn in_batches<R: Clone>(records: &[(Sequence, R)], sizes: &[usize], apply: impl Fn(&[(Sequence, R)])) {
    let mut done = 0;
    let mut sizes = sizes.iter().cycle();
    while done < records.len() {
        let size = *sizes.next().expect("endless");
        let end = (done + size).min(records.len());
        apply(&records[done.saturating_sub(2)..end]);
        done = end;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn any_cut_into_batches_gives_the_same_store(
        posts in proptest::collection::vec(any_post_record(), 0..60),
        desk in proptest::collection::vec(any_desk_record(), 0..30),
        sizes in proptest::collection::vec(1..12_usize, 1..6),
    ) {
        let (posts, desk) = (numbered(posts), numbered(desk));
        let (_one, whole) = fresh();
        whole.apply_posts(&posts).unwrap();
        whole.apply_desk(&desk).unwrap();
        let (_two, parts) = fresh();
        in_batches(&desk, &sizes, |batch| { parts.apply_desk(batch).unwrap(); });
        in_batches(&posts, &sizes, |batch| { parts.apply_posts(batch).unwrap(); });
        prop_assert_eq!(parts.differences(&whole, 5).unwrap(), vec![]);

        let mut model: BTreeMap<PostId, SourceId> = BTreeMap::new();
        for (_, record) in &posts {
            if let PostRecord::Found(post) = record {
                model.entry(post.id).or_insert_with(|| post.source.clone());
            }
        }
        prop_assert_eq!(parts.post_count().unwrap(), model.len() as u64);
        for name in ["forum", "news"] {
            let known = model.values().filter(|source| source.as_str() == name).count() as u64;
            prop_assert_eq!(parts.post_count_of(&source(name)).unwrap(), known);
        }
        let counts = parts.outbox_counts().unwrap();
        let listed = parts.notifications(&OutboxFilter::default(), None, 99).unwrap().items;
        prop_assert_eq!(counts.waiting + counts.sent + counts.dead + counts.broken, listed.len() as u64);
        let due = parts.outbox_receivers().unwrap().into_iter();
        let due = due.map(|receiver| parts.outbox_due(&receiver, 99, at(1_000_000), &BTreeSet::new()).unwrap().len() as u64).sum::<u64>();
        prop_assert_eq!(counts.waiting, due);
        let work = parts.incidents(&IncidentFilter::default(), None, 99).unwrap().items;
        prop_assert!(work.windows(2).all(|pair| pair[0].state.rank() <= pair[1].state.rank()));
    }
}
