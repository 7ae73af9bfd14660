//! The town: its places, the rhythm of its days, and its everyday talk.

use fastrand::Rng;

use super::words::{ASKS, FIRST, OPENINGS, PROBLEMS, Problem, SECOND, SHOPS, SUBJECTS, Sort, TALK, TIMES};
use super::{DAY, Draft, Plan};

/// Of a hundred posts that belong to no story, so many are single complaints.
const COMPLAINTS: u32 = 6;
/// How loud the hours of a day are.
const HOURS: [f64; 24] = [
    0.35, 0.2, 0.12, 0.1, 0.12, 0.2, 0.45, 0.85, 1.15, 1.2, 1.15, 1.25, 1.45, 1.25, 1.1, 1.1, 1.15, 1.25,
    1.4, 1.55, 1.75, 1.8, 1.4, 0.8,
];

pub(crate) struct Town {
    pub(crate) random: Rng,
    places: Vec<(Sort, String)>,
}

impl Town {
    pub(crate) fn new(plan: Plan) -> Self {
        // The more people, the more places.
        let most = 200 + plan.posts_a_day as usize / 40;
        let mut random = Rng::with_seed(plan.seed);
        let mut places: Vec<(Sort, String)> = Vec::new();
        while places.len() < most {
            let mut roll = random.usize(..100);
            let sort = Sort::ALL.into_iter().find(|sort| {
                let hit = roll < sort.share();
                roll = roll.saturating_sub(sort.share());
                hit
            });
            let Some(sort) = sort else { continue };
            let stem =
                [pick_char(&mut random, FIRST), pick_char(&mut random, SECOND)].iter().collect::<String>();
            let ending = sort.endings()[random.usize(..sort.endings().len())];
            if !places.iter().any(|(_, known)| known.starts_with(&stem)) {
                places.push((sort, stem + ending));
            }
        }
        Self { random, places }
    }

    /// A place where a problem may happen.
    pub(crate) fn place(&mut self, sorts: &[Sort]) -> String {
        loop {
            let (sort, name) = &self.places[self.random.usize(..self.places.len())];
            if sorts.contains(sort) {
                return name.clone();
            }
        }
    }

    pub(crate) fn problem(&mut self) -> &'static Problem {
        &PROBLEMS[self.random.usize(..PROBLEMS.len())]
    }

    pub(crate) fn pick(&mut self, of: &[&'static str]) -> &'static str {
        of[self.random.usize(..of.len())]
    }

    /// A name that nobody has heard of.
    pub(crate) fn shop(&mut self) -> String {
        let stem = [pick_char(&mut self.random, SECOND), pick_char(&mut self.random, FIRST)];
        stem.iter().collect::<String>() + self.pick(SHOPS)
    }

    /// One person's word on a problem at a place.
    pub(crate) fn complaint(&mut self, problem: &Problem, place: &str) -> String {
        let fact = self.pick(problem.facts).replace("{p}", place);
        let (opening, time, ask) = (self.pick(OPENINGS), self.pick(TIMES), self.pick(ASKS));
        let effect = if self.random.u32(..100) < 70 { self.pick(problem.effects) } else { "" };
        let parts = match self.random.u32(..3) {
            0 => [fact, effect.to_owned(), ask.to_owned()],
            1 => [effect.to_owned(), fact, ask.to_owned()],
            _ => [fact, ask.to_owned(), effect.to_owned()],
        };
        let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        let mark = self.pick(&["，", "，", "！", "。", " "]);
        format!("{opening}{time}{}{}", parts.join(mark), self.pick(&["", "", "。", "！", "？"]))
    }

    /// Whether somebody would write at this second of the stream.
    pub(crate) fn is_awake(&mut self, at: i64) -> bool {
        let hour = at.rem_euclid(DAY) / 3_600;
        self.random.f64() * 1.8 < HOURS[hour as usize]
    }

    /// A second within the span, at the town's rhythm.
    pub(crate) fn moment(&mut self, from: i64, until: i64) -> i64 {
        loop {
            let at = self.random.i64(from..until);
            if self.is_awake(at) {
                return at;
            }
        }
    }

    /// About as far from 0 as a normal deviate, by twelve even ones.
    fn deviate(&mut self) -> f64 {
        (0..12).map(|_| self.random.f64()).sum::<f64>() - 6.0
    }

    /// Everyday talk and single complaints.
    pub(crate) fn talk(&mut self, plan: Plan) -> Vec<Draft> {
        let subjects: Vec<Vec<&'static str>> =
            SUBJECTS.iter().map(|words| words.split(' ').collect()).collect();
        let mut drafts = Vec::new();
        for day in 0..plan.days {
            // How much each subject is spoken of varies by a third from day to day.
            let mut loud: Vec<f64> = Vec::with_capacity(subjects.len());
            for rank in 0..subjects.len() {
                let usual = 1.0 / (rank as f64 + 3.0).sqrt();
                loud.push(loud.last().unwrap_or(&0.0) + usual * (0.35 * self.deviate()).exp());
            }
            let weekend = if matches!(day % 7, 5 | 6) { 1.15 } else { 1.0 };
            for _ in 0..(f64::from(plan.posts_a_day) * weekend) as u32 {
                let at = self.moment(i64::from(day) * DAY, (i64::from(day) + 1) * DAY);
                let text = if self.random.u32(..100) < COMPLAINTS {
                    let problem = self.problem();
                    let place = self.place(problem.at);
                    self.complaint(problem, &place)
                } else {
                    let heard = self.random.f64() * loud.last().copied().unwrap_or(1.0);
                    let subject =
                        &subjects[loud.partition_point(|&up_to| up_to < heard).min(subjects.len() - 1)];
                    let (a, b, shop) = (self.pick(subject), self.pick(subject), self.shop());
                    self.pick(TALK).replace("{a}", a).replace("{b}", b).replace("{n}", &shop)
                };
                drafts.push(self.draft(at, text, None));
            }
        }
        drafts
    }

    /// A post by somebody.
    pub(crate) fn draft(&mut self, at: i64, text: String, story: Option<u32>) -> Draft {
        Draft {
            at,
            known: None,
            writer: self.random.u32(..200_000),
            text,
            story,
            answers: None,
            official: false,
        }
    }
}

fn pick_char(random: &mut Rng, of: &str) -> char {
    let all: Vec<char> = of.chars().collect();
    all[random.usize(..all.len())]
}
