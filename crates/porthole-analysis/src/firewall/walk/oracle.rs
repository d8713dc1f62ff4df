//! The answers that one way takes for granted, and with them the other ways that there are.

use porthole_model::{Assumption, RuleReference};

/// Answers to what is not known: first those it was told, then "does not hold".
#[derive(Debug)]
pub(super) struct Oracle {
    script: Vec<bool>,
    taken: Vec<(Question, Assumption)>,
}

/// What makes two questions the same: asked again on the same way, it has the same answer.
pub(super) type Question = String;

impl Oracle {
    pub(super) fn new(script: Vec<bool>) -> Self {
        Self { script, taken: Vec::new() }
    }

    /// Whether it is taken to hold on this way.
    pub(super) fn ask(&mut self, question: Question, condition: String, rule: Option<RuleReference>) -> bool {
        if let Some((_, known)) = self.taken.iter().find(|(known, _)| *known == question) {
            return known.holds;
        }
        let holds = self.script.get(self.taken.len()).copied().unwrap_or(false);
        self.taken.push((question, Assumption { rule, condition, holds }));
        holds
    }

    /// The scripts of the ways that part from this one at a question which it was not told the answer of; those that
    /// part late come last.
    pub(super) fn others(&self, told: usize) -> Vec<Vec<bool>> {
        let answers: Vec<bool> = self.taken.iter().map(|(_, assumption)| assumption.holds).collect();
        let parted = told..answers.len();
        parted.map(|at| answers[..at].iter().copied().chain([!answers[at]]).collect()).collect()
    }

    pub(super) fn into_assumptions(self) -> Vec<Assumption> {
        self.taken.into_iter().map(|(_, assumption)| assumption).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_answer_that_was_not_told_opens_another_way() {
        let mut oracle = Oracle::new(vec![true]);
        let mut ask = |question: &str| oracle.ask(question.to_owned(), String::new(), None);
        assert_eq!([ask("a"), ask("b"), ask("a"), ask("c")], [true, false, true, false]);
        assert_eq!(oracle.others(1), [vec![true, true], vec![true, false, true]]);
    }
}
