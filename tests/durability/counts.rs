//! A count becomes stock as a whole or not at all, whenever the box is killed while it is approved.

use serde_json::{Value, json};

use crate::rig::{Disk, Rig, Story};
use crate::rounds;

/// Lines of each count.
const LINES: usize = 150;
/// Counts in `make test`.
const COUNTS: usize = 12;
/// The kill comes after so many answers to somebody who reads meanwhile, at most.
const ANSWERS_MAX: u64 = 16;

#[test]
fn a_count_is_applied_whole_or_not_at_all_when_the_box_is_killed() {
    approve_and_kill(Disk::Plain, 0x5eed_0008);
}

#[test]
fn a_count_is_applied_whole_or_not_at_all_when_the_power_is_cut() {
    approve_and_kill(Disk::forgetful(), 0x5eed_0009);
}

fn approve_and_kill(disk: Disk, seed: u64) {
    let mut rig = Rig::new(disk, seed);
    rig.run(stock_up);

    for round in 1..=rounds(COUNTS) {
        let name = format!("Count {round}");
        let answers = rig.next_random() % ANSWERS_MAX;
        rig.run(|story| {
            let approve = hand_in(story, round, &name);
            story.leave("POST", &approve, &json!({}));
            for _ in 0..answers {
                assert_eq!(story.references().0, 200);
            }
        });

        rig.find_losses().unwrap_or_else(|loss| panic!("after {name}: {loss}"));
        let posted = rig.entries_of(&name);
        assert!([0, LINES].contains(&posted), "{name}: {posted} of {LINES} lines");
    }

    rig.run(|story| {
        let approve = hand_in(story, rounds(COUNTS) + 1, "The last");
        assert_eq!(story.ask("POST", &approve, &json!({})).0, 200);
    });
    rig.find_losses().expect("nothing is lost");
    assert_eq!(rig.entries_of("The last"), LINES, "it was acknowledged");
}

/// Something of each item.
fn stock_up(story: &mut Story<'_>) {
    let (status, place) = story.ask("POST", "locations", &json!({ "code": "F", "name": "F" }));
    assert_eq!(status, 201, "{place}");
    for number in 0..LINES {
        let item = json!({ "item_number": format!("I-{number}"), "name": "Thing", "unit": "kg" });
        let (status, item) = story.ask("POST", "items", &item);
        assert_eq!(status, 201, "{item}");
        let body = json!({ "type": "receive", "item_id": item["id"], "location_id": place["id"],
            "qty": "1" });
        assert_eq!(story.ask("POST", "movements", &body).0, 201);
    }
}

/// Counts something else than last time on every line, and gives the address to approve it at.
fn hand_in(story: &mut Story<'_>, round: usize, name: &str) -> String {
    let (status, count) = story.ask("POST", "counts", &json!({ "name": name }));
    assert_eq!((status, &count["lines"]), (201, &json!(LINES)), "{count}");
    let below = format!("counts/{}", count["id"].as_str().expect("an id"));
    let (_, page) = story.ask("GET", &format!("{below}/lines?limit=200"), &Value::Null);
    let lines = page["items"].as_array().expect("lines");
    let found = lines.iter().enumerate().map(|(number, line)| {
        json!({ "client_op": format!("00000000-0000-7000-{round:04}-{number:012}"),
            "item_id": line["item_id"], "location_id": line["location_id"], "mode": "set",
            "qty": (round + 1).to_string() })
    });
    let found = json!({ "entries": found.collect::<Vec<_>>() });
    assert_eq!(story.ask("POST", &format!("{below}/entries"), &found).0, 200);
    let (status, handed_in) = story.ask("POST", &format!("{below}/submit"), &json!({}));
    assert_eq!((status, &handed_in["summary"]), (200, &json!({ "variance": LINES })));
    format!("{below}/approve")
}
