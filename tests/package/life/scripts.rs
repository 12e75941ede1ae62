//! The maintainer scripts: dpkg calls one again where an earlier call was interrupted.

use super::Life;
use crate::packing::VERSION;

/// What the scripts decide, as it stands.
const STANDING: &str = "
    stat -c '%n %a %U %G' /var/lib/holdfast /var/lib/holdfast-supervisor
    stat -c '%n %a %U %G' /etc/holdfast/holdfast.toml /var/backups/holdfast
    ls /var/backups/holdfast
    find /etc/systemd /var/lib/systemd -name '*holdfast*' | sort
    for unit in holdfast.socket holdfast.service; do
        systemctl is-enabled $unit || true
        systemctl is-active $unit || true
    done";

impl Life {
    pub(super) fn runs_its_scripts_twice(&self) {
        let upgrade = format!("upgrade {VERSION}");
        let configure = format!("configure {VERSION}");
        for (script, arguments) in [
            ("preinst", upgrade.as_str()),
            ("prerm", &upgrade),
            ("postrm", &upgrade),
            ("postinst", &configure),
            // The removal that dpkg begins and the installation that takes it back.
            ("prerm", "remove"),
            ("postrm", "remove"),
            ("postinst", &configure),
            // As on a machine that never had it.
            ("preinst", "install"),
            ("postinst", "configure"),
        ] {
            let call = format!("/var/lib/dpkg/info/holdfast.{script} {arguments}");
            self.forgives();
            self.guest.sh(&call);
            let once = self.guest.sh(STANDING);
            self.forgives();

            self.guest.sh(&call);

            assert_eq!(self.guest.sh(STANDING), once, "after a second `{call}`");
        }
        self.is_answering();
        self.has_its_data();
        self.is_as_dpkg_left_it();
    }
}
