//! What a visit still lacks before 完成, and the way from one such place to the next and back to the whole.

use dioxus::prelude::*;
use lianxin_shared::domain::{
    Problem,
    checklist::{self, AnswerKind, Item},
    opinion::{self, Opinion},
    photo::{self, Photo},
    visit,
};

use super::draft::{Draft, opinion_field};
use crate::{platform::now_ms, text};

/// Why the cadre went back from the whole to a step: the way leads back there, not forward.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Errand {
    /// To change something.
    Change,
    /// To fill in what is missing; the field that is looked at.
    Mend(String),
}

impl Draft {
    /// Sets out from the whole to a step.
    pub(crate) fn set_out(mut self) {
        self.errand.set(Some(Errand::Change));
    }

    /// Why the cadre is at a step; none on the way forward.
    pub(crate) fn errand(self) -> Option<Errand> {
        self.errand.read().clone()
    }

    /// The whole is there again.
    pub(crate) fn come_back(mut self) {
        if self.errand.peek().is_some() {
            self.errand.set(None);
        }
    }

    /// Leads to a place where something is missing; from now on that is shown at every such place.
    pub(crate) fn lead_to(mut self, field: &str) {
        self.judged.set(true);
        self.focus(field);
        self.errand.set(Some(Errand::Mend(field.to_owned())));
        self.led += 1;
    }

    /// How often the cadre was led to a place.
    pub(crate) fn led(self) -> u64 {
        *self.led.read()
    }

    /// The place to look at after this one, and its step; none when nothing is missing.
    pub(crate) fn next_gap(self) -> Option<(u8, String)> {
        let gaps = self.problems();
        let here = match &*self.errand.peek() {
            Some(Errand::Mend(field)) => gaps.iter().position(|(_, problem)| problem.field == *field),
            _ => None,
        };
        let next = here.map_or(0, |at| (at + 1) % gaps.len());
        gaps.into_iter().nth(next).map(|(step, problem)| (step, problem.field))
    }

    /// Whether what was answered to a question of the finished visit was erased by law.
    pub(crate) fn is_erased(self, item: &Item) -> bool {
        let nothing_left = item.kind == AnswerKind::Several && item.options.is_empty();
        nothing_left || self.open.read().erased.contains(&item.field())
    }

    /// What is wrong with one answer as it stands. Unanswered is no fault before the cadre has looked at the
    /// whole, and neither is a field that is still being filled in (`left` is false).
    pub(crate) fn problem_of(self, item: &Item, left: bool) -> Option<String> {
        let judged = *self.judged.read();
        if !left && !judged {
            return None;
        }
        let alone = [Item { show_if: None, required: item.required && judged, ..item.clone() }];
        self.read(|draft| checklist::validate(&alone, &draft.answers))
            .into_iter()
            .next()
            .map(|problem| problem.message)
    }

    /// What is wrong with the time of the visit.
    pub(crate) fn problem_of_time(self) -> Option<String> {
        self.read(|draft| draft.occurred_ms > now_ms()).then(|| text::visit::IN_FUTURE.to_owned())
    }

    /// What a person should mend before 完成, each with the step where it is mended, in the order of the steps.
    pub(crate) fn problems(self) -> Vec<(u8, Problem)> {
        let items = self.items.read();
        let late = self.problem_of_time().map(|words| (0, Problem::new(visit::field::OCCURRED_AT, words)));
        self.read(|draft| {
            let mut problems: Vec<(u8, Problem)> = late.into_iter().collect();
            if !draft.absent {
                problems.extend(
                    checklist::validate(&items, &draft.answers).into_iter().map(|problem| (0, problem)),
                );
                for words in draft.opinions.iter().filter(|words| !words.text.trim().is_empty()) {
                    let said = Opinion { text: words.text.clone(), ..Opinion::default() };
                    let here = |problem: Problem| match problem.field.as_str() {
                        opinion::field::TEXT => (1, Problem::new(opinion_field(words.id), problem.message)),
                        _ => (1, problem),
                    };
                    problems.extend(said.validate().into_iter().map(here));
                }
            }
            let taken: Vec<Photo> = draft.photos.iter().map(Photo::from).collect();
            let step = if draft.absent { 2 } else { 1 };
            problems.extend(photo::validate(&taken).into_iter().map(|problem| (step, problem)));
            if draft.notes.chars().count() > visit::VISIT_NOTES_CHARS_MAX {
                problems.push((2, Problem::new(visit::field::NOTES, text::visit::NOTES_LONG)));
            }
            problems
        })
    }
}
