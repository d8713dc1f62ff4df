//! What a check of audit files came to.

/// What a check of one audit file came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditFile {
    /// Its path, as given.
    pub path: String,
    /// Its whole lines.
    pub lines: u64,
    /// The numbers of its first and its last line that could be read.
    pub sequence: Option<(u64, u64)>,
    /// Whether its writer closed it.
    pub end: AuditEnd,
    /// What does not fit, in the order of the file.
    pub faults: Vec<AuditFault>,
    /// What is worth knowing and breaks nothing.
    pub notes: Vec<AuditNote>,
}

impl AuditFile {
    /// Whether nothing in it was altered, and nothing is missing from it.
    pub fn is_intact(&self) -> bool {
        self.faults.is_empty()
    }
}

/// How an audit file ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AuditEnd {
    /// Its writer closed it.
    Closed,
    /// It is still written, its writer was killed, or its end was cut off: nothing in the file can tell.
    Open,
    /// It is empty.
    Empty,
}

/// What does not fit in an audit file. Lines are counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AuditFault {
    /// The line is not what was written: its hash does not fit, or it is no line of an audit.
    Altered {
        /// The line.
        line: u64,
    },
    /// Lines are missing before this one.
    Missing {
        /// The line.
        line: u64,
        /// The number of the first that is missing.
        first: u64,
        /// The number of the last that is missing.
        last: u64,
    },
    /// The line stood elsewhere, or stands here a second time.
    Moved {
        /// The line.
        line: u64,
        /// Its number.
        sequence: u64,
    },
    /// The line does not continue the one before: one of the two was written anew.
    Broken {
        /// The line.
        line: u64,
    },
    /// The file does not begin with the line that opens a file.
    Headless,
}

/// What is worth knowing of an audit file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AuditNote {
    /// The file continues another one, which was not given before it.
    Continues {
        /// The number of that one's last line.
        sequence: u64,
    },
    /// A chain of its own begins at the line, and continues nothing.
    Begins {
        /// The line.
        line: u64,
    },
    /// The run before the line did not close the file: it was killed, or its last lines were cut off.
    Unclosed {
        /// The line.
        line: u64,
    },
    /// The line was not written to its end; the run after it says so.
    Torn {
        /// The line.
        line: u64,
    },
    /// The end of the file is no whole line: it is being written, or was cut off.
    Cut {
        /// How many bytes.
        bytes: u64,
    },
    /// The writer says that calls are missing because nothing could be written.
    Lost {
        /// The line that says so.
        line: u64,
        /// How many.
        calls: u64,
    },
}
