//! Scores to likelihoods: a softmax with one scale, and one offset for each label (Platt 1999, for many labels;
//! Guo et al. 2017 call it vector scaling with a shared scale).

/// Steps of descent; the loss is convex and has few parameters.
const STEPS: usize = 400;
/// What far offsets cost: a label of few rows keeps near the others.
const RESTRAINT: f32 = 1e-3;

/// The likelihoods that scores stand for; they add up to one.
pub(super) fn shares(scores: &[f32], scale: f32, offsets: &[f32]) -> Vec<f32> {
    let raised: Vec<f32> = scores.iter().zip(offsets).map(|(score, offset)| scale * score + offset).collect();
    let top = raised.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f32> = raised.iter().map(|one| (one - top).exp()).collect();
    let sum: f32 = powers.iter().sum();
    powers.into_iter().map(|power| power / sum).collect()
}

/// The scale and offsets under which the right labels of scored rows are the likeliest.
pub(super) fn fit(rows: &[(Vec<f32>, usize)], labels: usize) -> (f32, Vec<f32>) {
    let (mut scale, mut offsets) = (3.0_f32, vec![0.0_f32; labels]);
    let count = rows.len().max(1) as f32;
    let mut pace = 1.0_f32;
    let mut last = loss(rows, scale, &offsets);
    for _ in 0..STEPS {
        let (mut by_scale, mut by_offset) = (0.0, vec![0.0_f32; labels]);
        for (scores, right) in rows {
            for (label, share) in shares(scores, scale, &offsets).into_iter().enumerate() {
                let error = (share - f32::from(u8::from(label == *right))) / count;
                by_scale += error * scores[label];
                by_offset[label] += error;
            }
        }
        for (slope, offset) in by_offset.iter_mut().zip(&offsets) {
            *slope += 2.0 * RESTRAINT * offset;
        }
        // Half the pace whenever a step would lead up; a little more when it led down.
        loop {
            let next = (scale - pace * by_scale).max(0.1);
            let moved: Vec<f32> = offsets.iter().zip(&by_offset).map(|(o, slope)| o - pace * slope).collect();
            let reached = loss(rows, next, &moved);
            if reached <= last {
                (scale, offsets, last) = (next, moved, reached);
                pace = (pace * 1.3).min(64.0);
                break;
            }
            pace /= 2.0;
            if pace < 1e-4 {
                return (scale, offsets);
            }
        }
    }
    (scale, offsets)
}

fn loss(rows: &[(Vec<f32>, usize)], scale: f32, offsets: &[f32]) -> f32 {
    let restraint: f32 = offsets.iter().map(|offset| RESTRAINT * offset * offset).sum();
    let of = |(scores, right): &(Vec<f32>, usize)| -shares(scores, scale, offsets)[*right].max(1e-9).ln();
    rows.iter().map(of).sum::<f32>() / rows.len().max(1) as f32 + restraint
}
