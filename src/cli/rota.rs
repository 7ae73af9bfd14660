//! `minsheng rota`: who is on duty now and in the days to come.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::{Done, Failure, Places, output, today};
use crate::config;
use crate::incident::desk_time;
use crate::pipeline::clock::Clock;

/// Show who is on duty now and in the days to come.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  minsheng rota\n  minsheng rota --at 2026-10-01T08:00:00+08:00 --days 7 --json"
)]
pub(super) struct Rota {
    /// From this instant; now without it.
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
    /// For so many days.
    #[arg(long, default_value_t = 14, value_parser = clap::value_parser!(u16).range(1..=366), value_name = "N")]
    days: u16,
    /// Write JSON lines.
    #[arg(long)]
    json: bool,
}

impl Rota {
    pub(super) fn run(&self, places: &Places) -> Done {
        let loaded = config::load(&places.directories(), today()).map_err(Failure::Faults)?;
        let rota = loaded.clocks.rota();
        if rota.layers().is_empty() {
            return Err(Failure::Usage(
                "rota.toml has no layers; its comments explain how to write one".to_owned(),
            ));
        }
        let from = self.at.unwrap_or_else(|| Clock::system().now());
        let length = SignedDuration::from_hours(i64::from(self.days) * 24);
        let until = from.saturating_add(length).unwrap_or(Timestamp::MAX);
        for layer in rota.layers() {
            if !self.json {
                output::line(format!("{}（@{}）", layer.title, layer.name))?;
            }
            for duty in rota.plan(layer, from, until) {
                let titles: Vec<&str> = duty
                    .people
                    .iter()
                    .filter_map(|name| rota.person(name))
                    .map(|person| person.title.as_str())
                    .collect();
                if self.json {
                    output::json(&json!({
                        "layer": layer.name, "from": duty.from, "until": duty.until, "people": duty.people,
                    }))?;
                } else {
                    let said = |at| desk_time(at).strftime("%m-%d %H:%M").to_string();
                    let people =
                        if titles.is_empty() { "无人值班".to_owned() } else { titles.join("、") };
                    output::line(format!("  {} – {}  {people}", said(duty.from), said(duty.until)))?;
                }
            }
        }
        Ok(())
    }
}
