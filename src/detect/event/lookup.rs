//! Finds stories by a feature: a table of fixed size that keeps the newest few for each place.
//!
//! Two features may meet in one place; the story found by the wrong one is compared like any other and fails.

use serde::{Deserialize, Serialize};

/// Stories by hashed features.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Lookup {
    /// `ways` numbers of stories for each place, newest first; 0 for none.
    #[serde(with = "crate::detect::sparse")]
    stories: Vec<u32>,
    ways: usize,
}

impl Lookup {
    /// With room for `ways` stories at each of `places` (a power of two).
    pub(super) fn new(places: usize, ways: usize) -> Self {
        Self { stories: vec![0; places * ways], ways }
    }

    /// The stories that a feature leads to, newest first.
    pub(super) fn get(&self, feature: u32) -> impl Iterator<Item = u32> {
        let from = self.place(feature);
        self.stories[from..from + self.ways].iter().copied().take_while(|&story| story != 0)
    }

    /// Lets a feature lead to a story, the oldest of its place making room.
    pub(super) fn put(&mut self, feature: u32, story: u32) {
        let from = self.place(feature);
        let ways = &mut self.stories[from..from + self.ways];
        let at = ways.iter().position(|&known| known == story).unwrap_or(ways.len() - 1);
        ways[..=at].rotate_right(1);
        ways[0] = story;
    }

    fn place(&self, feature: u32) -> usize {
        ((feature >> 1) as usize & (self.stories.len() / self.ways - 1)) * self.ways
    }
}

/// The story of each of the latest posts, by the post.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Homes {
    /// By the lower bits of a post: its upper bits, and its story.
    #[serde(with = "crate::detect::sparse")]
    homes: Vec<(u32, u32)>,
}

impl Homes {
    /// With room for `posts` (a power of two); a newer one may push out an older.
    pub(super) fn new(posts: usize) -> Self {
        Self { homes: vec![(0, 0); posts] }
    }

    pub(super) fn get(&self, post: u64) -> Option<u32> {
        let (upper, story) = self.homes[self.place(post)];
        (story != 0 && upper == (post >> 32) as u32).then_some(story)
    }

    pub(super) fn put(&mut self, post: u64, story: u32) {
        let place = self.place(post);
        self.homes[place] = ((post >> 32) as u32, story);
    }

    fn place(&self, post: u64) -> usize {
        post as usize & (self.homes.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_stories_of_a_feature_are_kept() {
        let mut lookup = Lookup::new(4, 3);
        for story in [1, 2, 3, 2, 4] {
            lookup.put(9, story);
        }
        assert_eq!(lookup.get(9).collect::<Vec<_>>(), [4, 2, 3]);
        assert_eq!(lookup.get(11).count(), 0);
    }

    #[test]
    fn a_post_is_found_until_another_takes_its_place() {
        let mut homes = Homes::new(4);
        homes.put(1, 7);
        assert_eq!(
            (homes.get(1), homes.get((3 << 32) | 1)),
            (Some(7), None),
            "another post of the same place"
        );
        homes.put((1 << 32) | 1, 8);
        assert_eq!((homes.get(1), homes.get((1 << 32) | 1)), (None, Some(8)));
    }
}
