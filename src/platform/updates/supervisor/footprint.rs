//! How much memory the supervisor keeps. What a program was read in with, its arguments and its
//! configuration, is several times as much of its text as it needs from then on; the kernel leaves
//! it in memory as long as there is room, and counts it.

use std::io;
use std::path::Path;

use rustix::mm::{Advice, madvise};

/// What is mapped where in this process: proc(5).
const MAPS: &str = "/proc/self/maps";
/// Text of a file: read and run, never written.
const TEXT: &str = "r-xp";

/// Lets go of the program's text. What is needed next is there again from the page cache, a few
/// pages at a time, without reading the disk.
pub(super) fn give_back() -> io::Result<()> {
    for (begin, length) in texts(&std::fs::read_to_string(Path::new(MAPS))?) {
        let address = std::ptr::with_exposed_provenance_mut(begin);
        #[expect(
            unsafe_code,
            reason = "pages of a private mapping that nobody can write to hold what their file \
                      does, so the next look at each finds the same"
        )]
        // SAFETY: the kernel has just named the mapping, and nothing here unmaps the text of a
        // file. It is private and cannot be written, so its pages are those of the file, which
        // cannot be written either while it is run.
        unsafe {
            madvise(address, length, Advice::LinuxDontNeed)?;
        }
    }
    Ok(())
}

/// Where the text of files begins and how many bytes it has.
fn texts(maps: &str) -> impl Iterator<Item = (usize, usize)> + '_ {
    maps.lines().filter_map(|line| {
        let mut fields = line.split_ascii_whitespace();
        let (range, rights) = (fields.next()?, fields.next()?);
        // Offset, device, inode, and for a file its path.
        let is_of_file = fields.nth(3).is_some_and(|path| path.starts_with('/'));
        let (begin, end) = range.split_once('-')?;
        let number = |text| usize::from_str_radix(text, 16).ok();
        let (begin, end) = (number(begin)?, number(end)?);
        (rights == TEXT && is_of_file).then_some((begin, end.checked_sub(begin)?))
    })
}

#[cfg(test)]
mod tests {
    use super::{give_back, texts};

    #[test]
    fn only_text_of_files_is_let_go() {
        let maps = "\
562dbf1a3000-562dbfda1000 r--p 00000000 fe:00 10117298   /usr/lib/holdfast/holdfast
562dbfda1000-562dbfda3000 r-xp 00bfd000 fe:00 10117298   /usr/lib/holdfast/holdfast (deleted)
562dc18b2000-562dc1995000 r--p 0270d000 fe:00 10117298   /usr/lib/holdfast/holdfast
562df80e6000-562df818b000 rw-p 00000000 00:00 0          [heap]
7f0ba2ab3000-7f0ba2ab4000 r-xp 00026000 fe:00 326279     /usr/lib/x86_64-linux-gnu/libc.so.6
7f0ba2ab4000-7f0ba2ab5000 r-xp 00000000 00:00 0
7ffd41534000-7ffd41536000 r-xp 00000000 00:00 0          [vdso]
";
        let found: Vec<_> = texts(maps).collect();

        assert_eq!(found, [(0x562d_bfda_1000, 0x2000), (0x7f0b_a2ab_3000, 0x1000)]);
    }

    #[test]
    fn what_was_let_go_is_smaller_and_the_program_goes_on() {
        let of_files = || {
            let status = std::fs::read_to_string("/proc/self/status").unwrap();
            let line = status.lines().find_map(|line| line.strip_prefix("RssFile:")).unwrap();
            line.trim().trim_end_matches(" kB").parse::<u64>().unwrap()
        };
        let before = of_files();

        give_back().unwrap();

        let after = of_files();
        assert!(after < before, "{after} kB of {before} kB");
    }
}
