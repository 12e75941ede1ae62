//! How much memory a process keeps. What a program was read in with, its arguments and its
//! configuration, is several times as much of its text as it needs from then on; the kernel counts
//! it as memory of the process until somebody else needs the room. Let go, it is memory of the page
//! cache alone. A debugger's breakpoints are let go with it.

use std::io;
use std::path::Path;

use rustix::mm::{Advice, madvise};
use tracing::warn;

/// What is mapped where in this process, and how much of it lies in memory: proc(5).
const MAPS: &str = "/proc/self/smaps";
/// Text of a file, and what is only read of it: private, never written.
const TEXT: &str = "r-xp";
const READ_ONLY: &str = "r--p";
/// Pages that this process has of its own, as after relocations: in memory, and out of it.
const OWN: &str = "Anonymous:";
const OWN_SWAPPED: &str = "Swap:";

/// The threads of this process, one entry each: proc(5).
const THREADS: &str = "/proc/self/task";

/// The program's text and constants, and those of the libraries it was linked with.
#[derive(Debug, Default)]
pub struct Text {
    /// Where each piece begins, and how many bytes it has.
    pieces: Vec<(usize, usize)>,
}

impl Text {
    /// Asks the kernel where they are. To be called first, before this process maps a file itself.
    ///
    /// # Errors
    /// There are threads already, which may have mapped more than the program was linked with; or
    /// the kernel does not say.
    pub fn at_start() -> io::Result<Self> {
        if std::fs::read_dir(THREADS)?.count() != 1 {
            return Err(io::Error::other("the program has threads already"));
        }
        Ok(Self { pieces: of_files(&std::fs::read_to_string(Path::new(MAPS))?) })
    }

    /// What was asked for at the start, or nothing, which the log is told once there is one.
    pub fn or_nothing(asked: io::Result<Self>) -> Self {
        asked.unwrap_or_else(|error| {
            warn!("Memory will not be given back: {error}");
            Self::default()
        })
    }

    /// Lets go of them. What is needed next is taken from the page cache, a few pages at a time,
    /// and from the disk only where the room was needed meanwhile.
    ///
    /// # Errors
    /// The kernel keeps a piece; it is not asked again for that one.
    pub fn let_go(&mut self) -> io::Result<()> {
        let mut outcome = Ok(());
        self.pieces.retain(|piece| match let_go(*piece) {
            Ok(()) => true,
            Err(error) => {
                outcome = Err(error);
                false
            }
        });
        outcome
    }
}

fn let_go((begin, length): (usize, usize)) -> io::Result<()> {
    let address = std::ptr::with_exposed_provenance_mut(begin);
    #[expect(
        unsafe_code,
        reason = "a page of a private mapping that was never written is the one of the page cache, \
                  so the next look finds the same"
    )]
    // SAFETY: the kernel named the mapping when there was one thread, which had mapped nothing by
    // itself: it is of the program, or of a library that it was linked with, which all stay for as
    // long as the process. It is private, cannot be written, and had no page of its own after
    // relocations were done.
    unsafe {
        madvise(address, length, Advice::LinuxDontNeed)?;
    }
    Ok(())
}

/// Where mappings of files begin that hold nothing but what their files do, and how many bytes
/// they have.
fn of_files(maps: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut piece = None;
    for line in maps.lines() {
        if let Some(own) = line.strip_prefix(OWN) {
            piece = piece.filter(|_| is_none(own));
        } else if let Some(own) = line.strip_prefix(OWN_SWAPPED) {
            found.extend(piece.take().filter(|_| is_none(own)));
        } else if line.split_ascii_whitespace().next().is_some_and(|word| !word.ends_with(':')) {
            piece = of_file(line);
        }
    }
    found
}

fn is_none(size: &str) -> bool {
    size.trim() == "0 kB"
}

/// The place and the length of a mapping that is read from a file and never written.
fn of_file(head: &str) -> Option<(usize, usize)> {
    let mut fields = head.split_ascii_whitespace();
    let (range, rights) = (fields.next()?, fields.next()?);
    // Offset, device, inode, and for a file its path.
    let is_of_file = fields.nth(3).is_some_and(|path| path.starts_with('/'));
    let (begin, end) = range.split_once('-')?;
    let number = |text| usize::from_str_radix(text, 16).ok();
    let (begin, end) = (number(begin)?, number(end)?);
    let is_only_read = [TEXT, READ_ONLY].contains(&rights);
    (is_only_read && is_of_file).then_some((begin, end.checked_sub(begin)?))
}

#[cfg(test)]
mod tests {
    use super::{Text, of_files};
    use crate::platform::tasks::beside;

    #[test]
    fn only_what_is_as_in_its_file_is_let_go() {
        let maps = "\
562dbf1a3000-562dbfda1000 r--p 00000000 fe:00 10117298   /usr/lib/holdfast/holdfast
Rss:                3060 kB
Anonymous:             0 kB
Swap:                  0 kB
VmFlags: rd mr mw me
562dbfda1000-562dbfda3000 r-xp 00bfd000 fe:00 10117298   /usr/lib/holdfast/holdfast (deleted)
Anonymous:             0 kB
Swap:                  0 kB
562dc18b2000-562dc1995000 r--p 0270d000 fe:00 10117298   /usr/lib/holdfast/holdfast
Anonymous:           900 kB
Swap:                  0 kB
562dc1995000-562dc1996000 r--p 027f0000 fe:00 10117298   /usr/lib/holdfast/holdfast
Anonymous:             0 kB
Swap:                  4 kB
562df80e6000-562df818b000 rw-p 00000000 00:00 0          [heap]
Anonymous:             0 kB
Swap:                  0 kB
7f0ba2ab3000-7f0ba2ab4000 r-xp 00026000 fe:00 326279     /usr/lib/x86_64-linux-gnu/libc.so.6
Anonymous:             0 kB
Swap:                  0 kB
7f0ba2ab4000-7f0ba2ab5000 r-xp 00000000 00:00 0
Anonymous:             0 kB
Swap:                  0 kB
7f0ba2ab6000-7f0ba2ab7000 rw-p 00028000 fe:00 326279     /usr/lib/x86_64-linux-gnu/libc.so.6
Anonymous:             0 kB
Swap:                  0 kB
7ffd41534000-7ffd41536000 r-xp 00000000 00:00 0          [vdso]
Anonymous:             0 kB
Swap:                  0 kB
";
        let found = of_files(maps);

        let program = [(0x562d_bf1a_3000, 0xbf_e000), (0x562d_bfda_1000, 0x2000)];
        assert_eq!(found, [&program[..], &[(0x7f0b_a2ab_3000, 0x1000)]].concat());
    }

    #[test]
    fn a_piece_that_the_kernel_keeps_is_not_asked_for_again() {
        // Nothing begins within a page.
        let mut text = Text { pieces: vec![(1, 1)] };

        text.let_go().expect_err("not the beginning of a page");

        text.let_go().unwrap();
    }

    #[test]
    fn what_threads_may_have_mapped_is_not_taken_for_the_program() {
        let second = beside("second", Text::at_start).unwrap();

        let refused = second.join().unwrap().expect_err("there are two threads");

        assert!(refused.to_string().contains("threads"), "{refused}");
    }
}
