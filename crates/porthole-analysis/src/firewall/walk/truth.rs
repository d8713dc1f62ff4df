//! Whether a match holds, where the answer may be that only the kernel knows.

/// The answer to a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Truth {
    Yes,
    No,
    Maybe,
}

impl Truth {
    /// The opposite; what is not known stays so.
    pub(super) fn not(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            Self::Maybe => Self::Maybe,
        }
    }

    pub(super) fn negated_if(self, negated: bool) -> Self {
        if negated { self.not() } else { self }
    }

    /// Whether all hold; no more are asked after one that does not.
    pub(super) fn all(answers: impl IntoIterator<Item = Self>) -> Self {
        let mut all = Self::Yes;
        for answer in answers {
            match answer {
                Self::No => return Self::No,
                Self::Maybe => all = Self::Maybe,
                Self::Yes => {}
            }
        }
        all
    }

    /// Whether one holds.
    pub(super) fn any(answers: impl IntoIterator<Item = Self>) -> Self {
        Self::all(answers.into_iter().map(Self::not)).not()
    }
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}

#[cfg(test)]
mod tests {
    use super::Truth::{self, Maybe, No, Yes};

    #[test]
    fn one_that_does_not_hold_outweighs_what_is_not_known() {
        assert_eq!(Truth::all([Maybe, No]), No);
        assert_eq!(Truth::all([Maybe, Yes]), Maybe);
        assert_eq!(Truth::all([]), Yes);
    }

    #[test]
    fn one_that_holds_outweighs_what_is_not_known() {
        assert_eq!(Truth::any([Maybe, Yes]), Yes);
        assert_eq!(Truth::any([Maybe, No]), Maybe);
        assert_eq!(Truth::any([]), No);
    }
}
