//! How much memory the supervisor keeps. What a program was read in with, its arguments and its
//! configuration, is several times as much of its text as it needs from then on; the kernel leaves
//! it in memory as long as there is room, and counts it.

use std::io;
use std::path::Path;

use rustix::mm::{Advice, madvise};

/// What is mapped where in this process, and how much of it lies in memory: proc(5).
const MAPS: &str = "/proc/self/smaps";
/// Text of a file, and what is only read of it: private, never written.
const TEXT: &str = "r-xp";
const READ_ONLY: &str = "r--p";
/// Pages that this process has of its own, as after relocations.
const OWN: &str = "Anonymous:";

/// Lets go of the program's text and constants. What is needed next is there again from the page
/// cache, a few pages at a time, without reading the disk.
pub(super) fn give_back() -> io::Result<()> {
    for (begin, length) in of_files(&std::fs::read_to_string(Path::new(MAPS))?) {
        let address = std::ptr::with_exposed_provenance_mut(begin);
        #[expect(
            unsafe_code,
            reason = "pages of a private mapping that nobody can write to hold what their file \
                      does, so the next look at each finds the same"
        )]
        // SAFETY: the kernel has just named the mapping, and nothing here unmaps the text of a
        // file. It is private, cannot be written, and has no page of its own, so its pages are
        // those of the file, which cannot be written either while it is run.
        unsafe {
            madvise(address, length, Advice::LinuxDontNeed)?;
        }
    }
    Ok(())
}

/// Where mappings of files begin that hold nothing but what their files do, and how many bytes
/// they have.
fn of_files(maps: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut last = None;
    for line in maps.lines() {
        if let Some(own) = line.strip_prefix(OWN) {
            found.extend(last.take().filter(|_| own.trim() == "0 kB"));
        } else if line.split_ascii_whitespace().next().is_some_and(|word| !word.ends_with(':')) {
            last = of_file(line);
        }
    }
    found
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
    use super::{give_back, of_files};

    #[test]
    fn only_what_is_as_in_its_file_is_let_go() {
        let maps = "\
562dbf1a3000-562dbfda1000 r--p 00000000 fe:00 10117298   /usr/lib/holdfast/holdfast
Rss:                3060 kB
Anonymous:             0 kB
VmFlags: rd mr mw me
562dbfda1000-562dbfda3000 r-xp 00bfd000 fe:00 10117298   /usr/lib/holdfast/holdfast (deleted)
Anonymous:             0 kB
562dc18b2000-562dc1995000 r--p 0270d000 fe:00 10117298   /usr/lib/holdfast/holdfast
Anonymous:           900 kB
562df80e6000-562df818b000 rw-p 00000000 00:00 0          [heap]
Anonymous:             0 kB
7f0ba2ab3000-7f0ba2ab4000 r-xp 00026000 fe:00 326279     /usr/lib/x86_64-linux-gnu/libc.so.6
Anonymous:             0 kB
7f0ba2ab4000-7f0ba2ab5000 r-xp 00000000 00:00 0
Anonymous:             0 kB
7f0ba2ab6000-7f0ba2ab7000 rw-p 00028000 fe:00 326279     /usr/lib/x86_64-linux-gnu/libc.so.6
Anonymous:             0 kB
7ffd41534000-7ffd41536000 r-xp 00000000 00:00 0          [vdso]
Anonymous:             0 kB
";
        let found = of_files(maps);

        let program = [(0x562d_bf1a_3000, 0xbf_e000), (0x562d_bfda_1000, 0x2000)];
        assert_eq!(found, [&program[..], &[(0x7f0b_a2ab_3000, 0x1000)]].concat());
    }

    #[test]
    fn what_was_let_go_is_smaller_and_the_program_goes_on() {
        let in_memory = || {
            let status = std::fs::read_to_string("/proc/self/status").unwrap();
            let line = status.lines().find_map(|line| line.strip_prefix("RssFile:")).unwrap();
            line.trim().trim_end_matches(" kB").parse::<u64>().unwrap()
        };
        let before = in_memory();

        give_back().unwrap();

        let after = in_memory();
        assert!(after < before, "{after} kB of {before} kB");
    }
}
