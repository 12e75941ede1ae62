//! When something is killed: upon what is seen of it, never after a time on the clock alone. A
//! machine that is busy is slower from one round to the next.

use std::process::Child;
use std::time::{Duration, Instant};

/// Something that shows from outside how far the work has come.
pub type Mark<'a> = &'a dyn Fn() -> bool;

/// A mark, and how much of the way from there to the next one: so many parts of `PARTS`.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    pub mark: usize,
    pub part: u32,
}

/// Parts of the way from one mark to the next.
const PARTS: u32 = 4;

/// How long each part of the work took when it was last seen.
#[derive(Debug, Default)]
pub struct Pace {
    after: Vec<Duration>,
}

impl Moment {
    /// The moment of a round: every mark in turn, then a way behind each of them.
    pub fn of(round: usize, marks: usize) -> Self {
        let part = u32::try_from(round / marks).expect("few rounds") % PARTS;
        Self { mark: round % marks, part }
    }
}

impl Pace {
    /// Returns at the moment, or when the program has ended, which is the last mark.
    pub fn reach(&mut self, child: &mut Child, marks: &[Mark<'_>], moment: Moment) {
        self.after.resize(marks.len(), Duration::ZERO);
        let mut since = Instant::now();
        for (number, mark) in marks.iter().enumerate().take(moment.mark + 1) {
            while !mark() {
                if has_ended(child) {
                    return;
                }
                std::thread::yield_now();
            }
            if let Some(before) = number.checked_sub(1) {
                self.after[before] = since.elapsed();
            }
            since = Instant::now();
        }
        let until = since + self.after[moment.mark] * moment.part / PARTS;
        while Instant::now() < until && !has_ended(child) {
            std::thread::yield_now();
        }
    }

    /// Lets the program come to its end; whether it says that all is well.
    pub fn watch(&mut self, child: &mut Child, marks: &[Mark<'_>]) -> bool {
        self.reach(child, marks, Moment { mark: marks.len() - 1, part: 0 });
        let since = Instant::now();
        let status = child.wait().expect("an end");
        self.after[marks.len() - 1] = since.elapsed();
        status.success()
    }
}

fn has_ended(child: &mut Child) -> bool {
    child.try_wait().expect("a child of the test").is_some()
}
