//! Updates: over a feed, from a file, and how to do without.

use super::tell_story;
use crate::life::updating::{Cast, LATER, NEXT, NOW};
use crate::publisher::{New, Publisher};

#[test]
fn the_page_on_updates_does_what_it_says() {
    tell_story("docs/manual/updates.md", |page, packages| {
        let life = packages.owned();
        let cast = Cast::new(packages.now);
        let [now, next, later] = [NOW, NEXT, LATER].map(|name| cast.program(name));
        let stable = |program, version| New { program, version, channel: "stable" };
        let publisher = Publisher::of(&[stable(&now, NOW), stable(&next, NEXT)]);
        life.is_told_of_a_feed(&publisher);

        let said = page.types(&life);
        assert!(said.ends_with(&format!("This box runs {NEXT} now.\n")), "{said}");
        let said = page.types(&life);
        assert!(said.ends_with(&format!("This box runs {NOW} now.\n")), "{said}");
        life.has_its_data();

        publisher.adds(&stable(&later, LATER));
        life.guest.sh("mkdir -p /mnt/stick");
        publisher.writes_bundle(&life.guest.root().join("mnt/stick/holdfast.tar"));
        let said = page.types(&life);
        assert!(said.contains(&format!("it offers {LATER}")), "{said}");
        assert!(said.ends_with(&format!("This box runs {LATER} now.\n")), "{said}");
        life.has_its_data();

        let folder = life.guest.root().join("etc/systemd/system/holdfast.service.d");
        std::fs::create_dir_all(&folder).expect("a folder");
        let lines = page.text("ini");
        std::fs::write(folder.join("override.conf"), lines).expect("a written file");
        life.guest.sh("systemctl daemon-reload && systemctl restart holdfast.service");
        life.is_answering();
        life.has_its_data();
        let alone = life.guest.sh("holdfast update status");
        assert!(alone.contains("without a supervisor"), "{alone}");
    });
}
