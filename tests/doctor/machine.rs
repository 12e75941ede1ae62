//! Faults of the machine. Its own files are laid over by planted ones, in development builds.

use std::fs;

use crate::scene::Scene;

#[test]
fn clock_off() {
    let scene = Scene::new();
    let file = fs::File::options().write(true).open(scene.path("data/lock")).unwrap();
    let real = fs::metadata(scene.path("data/lock")).unwrap().modified().unwrap();
    file.set_modified(real + std::time::Duration::from_hours(365 * 24)).unwrap();
    scene.finds("clock-off", "failed", "before lock", "timedatectl set-ntp true");
    file.set_modified(real).unwrap();
    scene.is_well("clock-off");
}

#[test]
fn clock_unsynced() {
    let mut scene = Scene::new();
    scene.host("/run/systemd/timesync/.planted", "");
    scene.finds(
        "clock-unsynced",
        "warning",
        "has reached no server",
        "timedatectl timesync-status",
    );
    scene.host("/run/systemd/timesync/synchronized", "");
    scene.is_well("clock-unsynced");
}

#[test]
fn time_zones_missing() {
    let mut scene = Scene::new();
    scene.host("/usr/share/zoneinfo/.planted", "");
    scene.finds("time-zones-missing", "hint", "no time zone data", "apt-get install tzdata");
    scene.config("[notices]\ntime_zone = \"UTC\"\n");
    scene.finds("time-zones-missing", "warning", "The box is set to UTC", "apt-get install tzdata");
    fs::remove_dir_all(scene.path("host/usr")).unwrap();
    scene.is_well("time-zones-missing");
}

#[test]
fn memory_low() {
    let mut scene = Scene::new();
    scene.host("/proc/meminfo", "MemTotal: 524288 kB\nMemAvailable:   20000 kB\n");
    scene.finds("memory-low", "warning", "20.4 MB are free", "ps -eo rss");
    scene.host("/proc/meminfo", "MemAvailable:   2000000 kB\n");
    scene.is_well("memory-low");
}

#[test]
fn memory_limit_and_oom_kills_of_both_kinds_of_groups() {
    let mut scene = Scene::new();
    scene.host("/proc/self/cgroup", "0::/system.slice/planted.service\n");
    let group = "/sys/fs/cgroup/system.slice/planted.service";
    scene.host(&format!("{group}/memory.max"), "100000000\n");
    scene.host(&format!("{group}/memory.current"), "97000000\n");
    scene.host(&format!("{group}/memory.stat"), "anon 1\ninactive_file 1000000\n");
    scene.host(&format!("{group}/memory.events"), "low 0\noom 2\noom_kill 2\n");
    scene.finds("memory-limit", "warning", "96.0 MB of 100.0 MB", "MemoryMax=1G");
    scene.finds("oom-kills", "warning", "that the kernel ended: 2.", "journalctl -k");
    // What is only kept to be read again is no use of memory.
    scene.host(&format!("{group}/memory.stat"), "anon 1\ninactive_file 20000000\n");
    scene.is_well("memory-limit");
    scene.host("/proc/self/cgroup", "5:memory:/planted\n0::/\n");
    scene.host("/sys/fs/cgroup/memory/planted/memory.limit_in_bytes", "100000000\n");
    scene.host("/sys/fs/cgroup/memory/planted/memory.usage_in_bytes", "95000000\n");
    scene.host("/sys/fs/cgroup/memory/planted/memory.stat", "total_inactive_file 0\n");
    scene.host("/sys/fs/cgroup/memory/planted/memory.oom_control", "under_oom 0\noom_kill 1\n");
    scene.finds("memory-limit", "warning", "95.0 MB of 100.0 MB", "MemoryMax=1G");
    scene.finds("oom-kills", "warning", "that the kernel ended: 1.", "journalctl -k");
    scene.host("/sys/fs/cgroup/memory/planted/memory.oom_control", "oom_kill 0\n");
    scene.host("/proc/vmstat", "pgfault 1\noom_kill 3\n");
    scene.finds("oom-kills", "hint", "none in the box's group", "journalctl -k");
}

#[test]
fn open_files_low() {
    let mut scene = Scene::new();
    scene.first("ulimit -n 512");
    let fix = "systemctl edit holdfast.service  # [Service] LimitNOFILE=65536";
    scene.finds("open-files-low", "warning", "may hold 512 files open; it wants 4096", fix);
    scene.first("ulimit -n 4096");
    scene.is_well("open-files-low");
}

#[test]
fn kernel_old_and_entropy_low() {
    let mut scene = Scene::new();
    scene.host("/proc/sys/kernel/osrelease", "4.9.0-19-amd64\n");
    scene.host("/proc/sys/kernel/random/entropy_avail", "12\n");
    scene.finds("kernel-old", "warning", "4.9.0-19-amd64", "apt-get full-upgrade");
    scene.finds("entropy-low", "warning", "12 bits", "apt-get install rng-tools5");
    scene.host("/proc/sys/kernel/osrelease", "6.1.0-18-amd64\n");
    scene.host("/proc/sys/kernel/random/entropy_avail", "256\n");
    scene.is_well("kernel-old");
    scene.is_well("entropy-low");
}

#[test]
fn libc_old() {
    let mut scene = Scene::new();
    scene.host("/proc/self/maps", "0-1 r-xp 0 00:00 1 /lib/planted/libc.so.6\n");
    let said = "..GNU C Library (Debian GLIBC 2.24-11) stable release version 2.24, by..";
    scene.host("/lib/planted/libc.so.6", said);
    scene.finds("libc-old", "warning", "2.24; 2.31 is the least", "apt-get full-upgrade");
    scene.host("/lib/planted/libc.so.6", &said.replace("2.24,", "2.36,"));
    scene.is_well("libc-old");
}

#[test]
fn swap_open() {
    let mut scene = Scene::new();
    let head = "Filename Type Size Used Priority\n";
    scene.host(
        "/proc/swaps",
        &format!("{head}/dev/vdb1 partition 1 0 -2\n/dev/dm-7 partition 1 0 -3\n"),
    );
    scene.host("/sys/block/dm-7/dm/uuid", "CRYPT-LUKS2-0123\n");
    scene.finds("swap-open", "hint", "Not encrypted: /dev/vdb1.", "swapoff /dev/vdb1");
    scene.host("/proc/swaps", &format!("{head}/dev/dm-7 partition 1 0 -3\n"));
    scene.is_well("swap-open");
}

#[test]
fn disk_open() {
    let mut scene = Scene::new();
    scene.host("/proc/self/mountinfo", "36 35 250:9 / / rw - ext4 /dev/dm-9 rw\n");
    scene.host("/sys/dev/block/250:9/dm/uuid", "LVM-abc\n");
    scene.finds("disk-open", "hint", "not encrypted by this machine", "lsblk");
    scene.host("/sys/dev/block/250:9/slaves/dm-3/.planted", "");
    scene.host("/sys/block/dm-3/dm/uuid", "CRYPT-LUKS2-0123\n");
    scene.is_well("disk-open");
}

#[test]
fn unit_changed_and_unit_masked() {
    let mut scene = Scene::new();
    scene.is_well("unit-masked");
    scene.host("/usr/lib/systemd/system/holdfast.service", "[Service]\n");
    scene.is_well("unit-changed");
    scene.host("/etc/systemd/system/holdfast.service.d/override.conf", "[Service]\n");
    scene.finds("unit-changed", "hint", "override.conf", "systemctl revert holdfast.service");
    let socket = scene.path("host/etc/systemd/system/holdfast.socket");
    std::os::unix::fs::symlink("/dev/null", &socket).unwrap();
    scene.finds("unit-masked", "failed", "holdfast.socket", "systemctl unmask holdfast.socket");
    fs::remove_file(socket).unwrap();
    fs::remove_dir_all(scene.path("host/etc/systemd/system/holdfast.service.d")).unwrap();
    scene.is_well("unit-masked");
    scene.is_well("unit-changed");
}

#[test]
fn journal_volatile() {
    let mut scene = Scene::new();
    scene.host("/run/systemd/system/.planted", "");
    scene.hide("/var/log/journal");
    scene.finds("journal-volatile", "hint", "in memory alone", "mkdir -p /var/log/journal");
    scene.host("/var/log/journal/.planted", "");
    fs::remove_file(scene.path("host/var/log/.wh.journal")).unwrap();
    scene.is_well("journal-volatile");
}

#[test]
fn host_name_unresolved() {
    let mut scene = Scene::new();
    scene.host("/etc/hostname", "planted-box.invalid\n");
    let fix = "echo '127.0.1.1 planted-box.invalid' >> /etc/hosts";
    scene.finds("host-name-unresolved", "hint", "planted-box.invalid is not known", fix);
    scene.host("/etc/hostname", "localhost\n");
    scene.is_well("host-name-unresolved");
}

#[test]
fn running_as_root() {
    let scene = Scene::new();
    scene.is_well("running-as-root");
    if !rustix::process::geteuid().is_root() {
        eprintln!("SKIPPED: running_as_root, because only root starts a box as root");
        return;
    }
    let _served = scene.serve();
    let fix = "useradd --system --home-dir /var/lib/holdfast holdfast";
    scene.finds("running-as-root", "hint", "The box runs as root.", fix);
}

#[test]
fn logs_nowhere() {
    let scene = Scene::new();
    let served = scene.serve_silently();
    scene.finds("logs-nowhere", "warning", "/dev/null", "StandardOutput=journal");
    drop(served);
    let _served = scene.serve();
    scene.is_well("logs-nowhere");
}

#[test]
fn disk_slow() {
    let mut scene = Scene::new();
    // A sync that takes half a second is the fault itself.
    scene.preload("tests/doctor/slow_disk.c");
    scene.finds("disk-slow", "warning", "4 KiB takes 5", "smartctl -a");
    scene.without("LD_PRELOAD");
    assert_ne!(scene.finding("disk-slow")["status"], "failed");
}
