//! What is told once a round is durable: the courier of what lies in the outbox, the browsers of what changed.

use metrics::counter;
use serde_json::json;

use super::DeskTask;
use crate::incident::{Change, Incident};
use crate::journal::record::DeskRecord;
use crate::notify::{Delivery, Outcome};
use crate::pipeline::live::LiveKind;
use crate::telemetry::metric;

impl DeskTask {
    pub(super) fn tell(&self, records: &[DeskRecord], changed: &[Incident]) {
        for record in records {
            match record {
                DeskRecord::Desk(step) => {
                    for event in &step.events {
                        if let Change::Open(opening) = &event.change {
                            let grade = opening.alert.grade.as_str();
                            counter!(metric::INCIDENTS, "grade" => grade).increment(1);
                            tracing::info!(incident = %event.incident, grade, "incident opened");
                        }
                        if matches!(event.change, Change::Respond { url: Some(_), .. }) {
                            self.said.notify_one();
                        }
                    }
                    if !step.notifications.is_empty() {
                        self.outbox.notify_one();
                    }
                }
                DeskRecord::Delivered(delivery) => self.tell_delivery(delivery),
                DeskRecord::Together(deliveries) => {
                    for delivery in deliveries {
                        self.tell_delivery(delivery);
                    }
                }
                DeskRecord::Requeued(_) | DeskRecord::Fates(_) | DeskRecord::Outage(_) => {
                    self.outbox.notify_one();
                }
                DeskRecord::Person(_)
                | DeskRecord::Token(_)
                | DeskRecord::Lexicon { .. }
                | DeskRecord::Rules { .. }
                | DeskRecord::SourcePaused { .. }
                | DeskRecord::Audit(_)
                | DeskRecord::Verdict(_)
                | DeskRecord::Rescored(_)
                | DeskRecord::Silence(_)
                | DeskRecord::Handover(_)
                | DeskRecord::Fact(_) => {}
            }
        }
        for incident in changed {
            self.live.tell(
                LiveKind::Incident,
                json!({
                    "id": incident.id.to_string(), "grade": incident.grade, "state": incident.state,
                    "title": incident.title, "updated_at": incident.updated_at,
                }),
            );
        }
    }

    fn tell_delivery(&self, delivery: &Delivery) {
        let outcome = match delivery.outcome {
            Outcome::Sent => "sent",
            Outcome::Retry(_) => "retry",
            Outcome::Broken => "broken",
            Outcome::Rejected => "rejected",
        };
        let told = json!({"key": delivery.key.as_str(), "outcome": outcome, "attempt": delivery.attempt});
        self.live.tell(LiveKind::Notification, told);
    }
}
