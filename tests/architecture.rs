//! The rules of the code itself: who may know whom, where SQL may stand, how long things may be.
//! Each rule has a test on planted violations in `architecture/planted.rs`.

#[path = "architecture/layers.rs"]
mod layers;
#[path = "architecture/migrations.rs"]
mod migrations;
#[path = "architecture/planted.rs"]
mod planted;
#[path = "architecture/rust.rs"]
mod rust;
#[path = "architecture/shape.rs"]
mod shape;
#[path = "architecture/sql.rs"]
mod sql;
#[path = "architecture/tree.rs"]
mod tree;
#[path = "architecture/web.rs"]
mod web;

use tree::{Tree, Violation};

fn hold(violations: &[Violation]) {
    let lines: Vec<String> = violations.iter().map(ToString::to_string).collect();
    assert!(violations.is_empty(), "{} broken:\n{}", lines.len(), lines.join("\n"));
}

#[test]
fn every_file_knows_only_what_its_layer_may_know() {
    hold(&layers::check(Tree::of_repository()));
}

#[test]
fn sql_stands_in_stores_and_each_table_has_one_writer() {
    hold(&sql::check(Tree::of_repository()));
}

#[test]
fn migrations_are_numbered_and_released_ones_are_unchanged() {
    hold(&migrations::check(Tree::of_repository()));
}

#[test]
fn files_functions_lines_and_names_keep_their_shape() {
    hold(&shape::check(Tree::of_repository()));
}

#[test]
fn the_web_ui_keeps_its_layers() {
    hold(&web::check(Tree::of_repository()));
}
